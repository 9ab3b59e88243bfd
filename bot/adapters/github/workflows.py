"""Dispatches a GitHub Actions workflow and follows its run to the end, through PyGithub.

Which run is ours is known from GitHub's own answer to the dispatch. Where that answer was lost, a run is ours only if
its title shows the mark of this try; nothing else that a run tells could not be another's as well.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from itertools import islice
from threading import Event

from github import Auth, Github, GithubException
from github.Workflow import Workflow as GithubWorkflow
from github.WorkflowJob import WorkflowJob
from github.WorkflowRun import WorkflowRun
from requests import RequestException
from urllib3.exceptions import NewConnectionError

from bot.adapters.actions.output import Output, plain
from bot.adapters.actions.variables import Missing, Variables
from bot.adapters.github.answers import NOT_UNDERSTOOD
from bot.adapters.github.pauses import asked_pause
from bot.adapters.rendering.mrkdwn import span
from bot.domain.plan import End, Outcome, Workflow

MARK = "spy"
"""The input by which a workflow is told the mark of a try, if it declares one; its `run-name` should show it."""
_UNDECLARED = f'Unexpected inputs provided: ["{MARK}"]'
"""GitHub's words to a dispatch of which nothing but the mark is wrong."""
MOST_INPUTS = 25
"""GitHub's limit of inputs to a dispatch."""
SEARCHED = 300
"""Runs that are looked at, newest first, for one that shows a mark."""
SLOWER = 1.5
"""By how much each pause between two looks is longer than the one before."""

CANCELS = 3
"""How often a run is told to end, where GitHub does not take it."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How GitHub is asked: `first` and `longest` between two looks, `search` for a run that is not listed yet.

    `grace` is how long a run may take to end once it is told to.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(seconds=15)
    search: timedelta = timedelta(seconds=20)
    grace: timedelta = timedelta(minutes=1)


class Workflows:
    """GitHub Actions; `timeout` is for one answer. Safe to use from many threads."""

    def __init__(
        self,
        token: str,
        *,
        variables: Variables,
        url: str = "https://api.github.com",
        timeout: timedelta = timedelta(seconds=10),
        pace: Pace | None = None,
    ) -> None:
        self._token = token
        self._variables = variables
        self._url = url.rstrip("/")
        self._timeout = int(timeout.total_seconds())
        self._pace = pace or Pace()

    def dispatch(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Dispatch it once, and follow its run; OK is the conclusion `success`."""
        return self._followed(
            _Following.dispatched, instruction, mark=mark, timeout=timeout, hear=hear, stopped=stopped
        )

    def look(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Find the run that shows this mark, and follow it; UNKNOWN where none does, since not all can.

        A look changes nothing: when somebody aborts, or its time is up, the run goes on, and how it ends is unknown.
        """
        return self._followed(
            _Following.looked, instruction, mark=mark, timeout=timeout, hear=hear, stopped=stopped
        )

    def _followed(
        self,
        how: "Callable[[_Following], _RunResult]",
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        secrets = self._variables.secrets(instruction)
        output = Output(hear, secrets)
        try:
            inputs = self._variables.filled(instruction.inputs)
            with closing(self._client()) as github:
                following = _Following(
                    github=github,
                    instruction=instruction,
                    inputs=inputs,
                    mark=mark,
                    timeout=timeout,
                    pace=self._pace,
                    output=output,
                    stopped=stopped,
                )
                test_page_result = how(following)
        except Missing as missing:
            test_page_result = _RunResult(End.RED, str(missing))
        output.end()
        says = secrets.masked(plain(test_page_result.says))
        return Outcome(end=test_page_result.end, says=says, output=output.text, dropped=output.dropped)

    def _client(self) -> Github:
        """Make a client that asks once, and at once: when to ask again is decided here."""
        if not self._token:
            raise Missing("Spy has no GitHub token: put one in GITHUB_TOKEN")
        return Github(
            auth=Auth.Token(self._token),
            base_url=self._url,
            timeout=self._timeout,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )


@dataclass(frozen=True)
class _RunResult:
    end: End
    says: str


@dataclass(kw_only=True)
class _Following:
    """One workflow on its way: dispatched or looked for, then watched until it has ended."""

    github: Github
    instruction: Workflow
    inputs: Mapping[str, str]
    mark: str
    timeout: timedelta
    pace: Pace
    output: Output
    stopped: Event
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.timeout.total_seconds()
        self._repository = self.github.get_repo(self.instruction.repository)
        self._workflow: GithubWorkflow = self._repository.get_workflow(self.instruction.file)

    # --- which run

    def dispatched(self) -> _RunResult:
        if self.stopped.is_set():
            return _RunResult(End.RED, "stopped")
        ref = self.instruction.ref
        try:
            branch = self._find_home()
        except _Trouble as trouble:
            if not ref:
                return _RunResult(End.RED, f"nothing was dispatched: {trouble}")
        else:
            ref = ref or branch
        try:
            run = self._sent(ref)
        except _Trouble as trouble:
            if trouble.is_undone:
                return _RunResult(End.RED, f"nothing was dispatched: {trouble}")
            self._tell(f"{trouble}; looking for the run")
            return self._found(self._watched)
        return self._found(self._watched) if run is None else self._watched(run)

    def looked(self) -> _RunResult:
        return self._found(self._attended)

    def _find_home(self) -> str:
        """Go by the repository's present name, and give its main branch: to an old name nothing is dispatched."""
        with _asking():
            repository = self._repository.complete()
        self._workflow = repository.get_workflow(self.instruction.file)
        return repository.default_branch

    def _sent(self, ref: str) -> WorkflowRun | None:
        """Dispatch it, with the mark if the workflow takes it; None from a GitHub that does not name the run."""
        if MARK in self.inputs or len(self.inputs) >= MOST_INPUTS:
            return self._asked(ref, self.inputs)
        try:
            return self._asked(ref, {**self.inputs, MARK: self.mark})
        except _Trouble as refused:
            if not refused.is_of_the_mark:
                raise
        return self._asked(ref, self.inputs)

    def _asked(self, ref: str, inputs: Mapping[str, str]) -> WorkflowRun | None:
        with _asking():
            made = self._workflow.create_dispatch(ref, dict(inputs), throw=True, return_run_details=True)
        return made if isinstance(made, WorkflowRun) else None

    def _found(self, then: Callable[[WorkflowRun], _RunResult]) -> _RunResult:
        """Look for the run that shows the mark, and again for a while: GitHub lists a run late."""
        until = min(self._until, time.monotonic() + self.pace.search.total_seconds())
        why = "whether it was dispatched is not known: no run shows its mark"
        for pause in self._pauses():
            try:
                runs = self._marked()
            except _Trouble as trouble:
                why, runs = f"whether it was dispatched is not known: {trouble}", []
                pause = max(pause, trouble.pause)  # noqa: PLW2901  GitHub's own wish
            if len(runs) > 1:
                return _RunResult(
                    End.UNKNOWN, f"{len(runs)} runs show its mark: {runs[0].html_url} and others"
                )
            if runs:
                return then(runs[0])
            if time.monotonic() + pause > until or self.stopped.wait(pause):
                break
        return _RunResult(End.UNKNOWN, why)

    def _marked(self) -> list[WorkflowRun]:
        shown = re.compile(rf"(?<![\w-]){re.escape(self.mark)}(?![\w-])")
        with _asking():
            runs = islice(self._workflow.get_runs(event="workflow_dispatch"), SEARCHED)
            return [run for run in runs if shown.search(run.display_title or "")]

    # --- how it goes

    def _watched(self, run: WorkflowRun) -> _RunResult:
        """Follow it to its end; cancel it when somebody aborts, or its time is up."""
        self._tell(run.html_url)
        test_page_result = self._awaited(run, until=self._until, stopped=self.stopped)
        return test_page_result or self._cancelled(run, self._interruption("ended after"))

    def _attended(self, run: WorkflowRun) -> _RunResult:
        """Follow it to its end, if that comes in time."""
        self._tell(run.html_url)
        test_page_result = self._awaited(run, until=self._until, stopped=self.stopped)
        return test_page_result or _RunResult(
            End.UNKNOWN, f"{self._interruption('looked for')}; its run goes on: {run.html_url}"
        )

    def _interruption(self, words: str) -> str:
        return "stopped" if self.stopped.is_set() else f"{words} {span(self.timeout)}"

    def _cancelled(self, run: WorkflowRun, why: str) -> _RunResult:
        """Tell the run to end, and see what became of it: it may have come to its own end first."""
        self._tell(f"{why}: cancelling")
        for pause in islice(self._pauses(), CANCELS):
            if self._takes_the_cancel(run):
                break
            if test_page_result := self._awaited(run, until=time.monotonic() + pause, stopped=Event()):
                return test_page_result
        until = time.monotonic() + self.pace.grace.total_seconds()
        test_page_result = self._awaited(run, until=until, stopped=Event())
        if test_page_result is None:
            return _RunResult(End.UNKNOWN, f"{why}, but GitHub has not ended it: {run.html_url}")
        return _RunResult(End.RED, why) if run.conclusion == "cancelled" else test_page_result

    def _takes_the_cancel(self, run: WorkflowRun) -> bool:
        try:
            with _asking():
                return run.cancel()
        except _Trouble as trouble:
            self._tell(str(trouble))
            return False

    def _awaited(self, run: WorkflowRun, *, until: float, stopped: Event) -> _RunResult | None:
        """Look again and again, ever more slowly, until the run has ended; None where it has not."""
        for pause in self._pauses():
            has_ended = False
            try:
                has_ended = self._has_ended(run)
                self._tell_of_jobs(run)
            except _Trouble as trouble:
                self._tell(str(trouble))
                pause = max(pause, trouble.pause)  # noqa: PLW2901  GitHub's own wish
            if has_ended:
                return self._judged(run)
            left = until - time.monotonic()
            if stopped.wait(max(0, min(pause, left))) or pause >= left:
                return None
        return None

    def _judged(self, run: WorkflowRun) -> _RunResult:
        end = End.OK if run.conclusion == "success" else End.RED
        return _RunResult(end, run.conclusion or "ended without a conclusion")

    def _has_ended(self, run: WorkflowRun) -> bool:
        with _asking():
            run.update()
        self._tell(f"run: {run.conclusion or run.status}")
        return run.status == "completed"

    def _tell_of_jobs(self, run: WorkflowRun) -> None:
        """Tell the jobs and their steps, as far as they have begun; nothing hangs on them."""
        with _asking():
            lines = [line for job in run.jobs() for line in _lines(job)]
        for line in lines:
            self._tell(line)

    def _tell(self, line: str) -> None:
        """Say a line, once."""
        if line not in self.told:
            self.told.add(line)
            self.output.say(line.replace("\n", " "))

    def _pauses(self) -> Iterator[float]:
        pause = self.pace.first.total_seconds()
        while True:
            yield pause
            pause = min(pause * SLOWER, self.pace.longest.total_seconds())


def _lines(job: WorkflowJob) -> Iterator[str]:
    for step in job.steps:
        if step.status != "queued":
            yield f"{job.name}, {step.name}: {step.conclusion or step.status}"
    if job.status != "queued":
        yield f"{job.name}: {job.conclusion or job.status}"


# --- what GitHub says when it does not ----------------------------------------------------------------------


class _Trouble(Exception):  # noqa: N818  named for what happened
    """GitHub did not do as asked: the message says why, `pause` for how many seconds it wants to be left alone.

    `is_undone` where it refused or was never reached; after anything else it may have done what it was asked.
    """

    def __init__(
        self, why: str, *, pause: float = 0, is_undone: bool = False, is_of_the_mark: bool = False
    ) -> None:
        super().__init__(why)
        self.pause = pause
        self.is_undone = is_undone
        self.is_of_the_mark = is_of_the_mark


@contextmanager
def _asking() -> Iterator[None]:
    """Turn all that PyGithub raises for GitHub's sake into Trouble."""
    try:
        yield
    except RequestException as broken:
        reason = getattr(broken.args[0] if broken.args else None, "reason", None)
        is_undone = isinstance(reason, NewConnectionError)
        raise _Trouble("GitHub does not answer", is_undone=is_undone) from broken
    except NOT_UNDERSTOOD as odd:
        raise _Trouble("GitHub's answer was not understood") from odd
    except GithubException as refused:
        raise _refusal(refused) from refused


def _refusal(refused: GithubException) -> _Trouble:
    said = refused.message or "no reason given"
    pause = asked_pause(refused.headers or {})
    if pause:
        why = f"GitHub asks for a pause of {span(pause)}"
    elif refused.status == HTTPStatus.UNAUTHORIZED:
        why = "GitHub refuses the token: put a valid one in GITHUB_TOKEN"
    elif refused.status == HTTPStatus.NOT_FOUND:
        why = "GitHub has no such repository or workflow, or the token may not see it"
    else:
        why = f"GitHub answered {refused.status}: {said}"
    return _Trouble(
        why,
        pause=pause.total_seconds() if pause else 0,
        is_undone=HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR,
        is_of_the_mark=refused.status == HTTPStatus.UNPROCESSABLE_ENTITY and _UNDECLARED in said,
    )
