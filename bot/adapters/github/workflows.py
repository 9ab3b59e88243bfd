"""Dispatch a GitHub Actions workflow and follow its run to the end, through PyGithub.

GitHub's answer to the dispatch names the run. If that answer is lost, the run is found by the mark in its title:
each attempt has its own mark, and nothing else in a run is unique to one attempt.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from threading import Event

from github import Github
from github.Workflow import Workflow as GithubWorkflow
from github.WorkflowJob import WorkflowJob
from github.WorkflowRun import WorkflowRun

from bot.adapters.actions.output import Output, plain
from bot.adapters.actions.variables import Missing, Variables
from bot.adapters.github.client import client
from bot.adapters.github.errors import MARK, WorkflowTrouble, asking
from bot.adapters.rendering.mrkdwn import span
from bot.domain.failover.plan import End, Outcome, Workflow

MOST_INPUTS = 25
"""GitHub's limit of inputs in one dispatch."""
SEARCHED = 300
"""The most runs searched for a mark, newest first."""
SLOWER = 1.5
"""The factor by which each pause between two requests grows."""

CANCELS = 3
"""The most attempts to cancel a run."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often GitHub is asked. The pause between two requests grows from `first` to `longest`.

    `search` is how long a run is looked for, because GitHub lists it late.
    `grace` is how long a cancelled run may take to end.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(seconds=15)
    search: timedelta = timedelta(seconds=20)
    grace: timedelta = timedelta(minutes=1)


class Workflows:
    """GitHub Actions. `timeout` limits the wait for one answer. Safe to use from many threads."""

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
        self._url = url
        self._timeout = timeout
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
        """Dispatch the workflow once and follow its run to the end. OK means the conclusion `success`.

        When `stopped` is set or the timeout is over, cancel the run.
        """
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
        """Find the run with this mark and follow it. Return UNKNOWN if no run shows the mark.

        This changes nothing: on an abort or a timeout the run continues, and the outcome is UNKNOWN.
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
                result = how(following)
        except Missing as missing:
            result = _RunResult(End.RED, str(missing))
        output.end()
        says = secrets.masked(plain(result.says))
        return Outcome(end=result.end, says=says, output=output.text, dropped=output.dropped)

    def _client(self) -> Github:
        if not self._token:
            raise Missing("Spy has no GitHub token: put one in GITHUB_TOKEN")
        return client(self._token, url=self._url, timeout=self._timeout, is_lazy=True)


@dataclass(frozen=True)
class _RunResult:
    end: End
    says: str


@dataclass(kw_only=True)
class _Following:
    """One attempt at a workflow: dispatch or find its run, then follow it until it ends."""

    github: Github
    instruction: Workflow
    inputs: Mapping[str, str]
    mark: str
    timeout: timedelta
    pace: Pace
    output: Output
    stopped: Event
    reported: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.timeout.total_seconds()
        self._repository = self.github.get_repo(self.instruction.repository)
        self._workflow: GithubWorkflow = self._repository.get_workflow(self.instruction.file)

    # --- finding the run

    def dispatched(self) -> _RunResult:
        if self.stopped.is_set():
            return _RunResult(End.RED, "stopped")
        ref = self.instruction.ref
        try:
            branch = self._find_home()
        except WorkflowTrouble as trouble:
            if not ref:
                return _RunResult(End.RED, f"nothing was dispatched: {trouble}")
        else:
            ref = ref or branch
        try:
            run = self._sent(ref)
        except WorkflowTrouble as trouble:
            if trouble.is_undone:
                return _RunResult(End.RED, f"nothing was dispatched: {trouble}")
            self._tell(f"{trouble}; looking for the run")
            return self._found(self._watched)
        return self._found(self._watched) if run is None else self._watched(run)

    def looked(self) -> _RunResult:
        return self._found(self._attended)

    def _find_home(self) -> str:
        """Return the default branch, and use the repository's current name: GitHub dispatches nothing to an old one."""
        with asking():
            repository = self._repository.complete()
        self._workflow = repository.get_workflow(self.instruction.file)
        return repository.default_branch

    def _sent(self, ref: str) -> WorkflowRun | None:
        """Dispatch, with the mark if the workflow declares it. Return None if GitHub's answer names no run."""
        if MARK in self.inputs or len(self.inputs) >= MOST_INPUTS:
            return self._asked(ref, self.inputs)
        try:
            return self._asked(ref, {**self.inputs, MARK: self.mark})
        except WorkflowTrouble as refused:
            if not refused.is_of_the_mark:
                raise
        return self._asked(ref, self.inputs)

    def _asked(self, ref: str, inputs: Mapping[str, str]) -> WorkflowRun | None:
        with asking():
            made = self._workflow.create_dispatch(ref, dict(inputs), throw=True, return_run_details=True)
        return made if isinstance(made, WorkflowRun) else None

    def _found(self, then: Callable[[WorkflowRun], _RunResult]) -> _RunResult:
        """Look for the run with the mark, repeatedly for `pace.search`: GitHub lists a run late."""
        until = min(self._until, time.monotonic() + self.pace.search.total_seconds())
        why = "whether it was dispatched is not known: no run shows its mark"
        for pause in self._pauses():
            try:
                runs = self._marked()
            except WorkflowTrouble as trouble:
                why, runs = f"whether it was dispatched is not known: {trouble}", []
                pause = max(pause, trouble.pause)  # noqa: PLW2901  GitHub asked for it
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
        with asking():
            runs = islice(self._workflow.get_runs(event="workflow_dispatch"), SEARCHED)
            return [run for run in runs if shown.search(run.display_title or "")]

    # --- following the run

    def _watched(self, run: WorkflowRun) -> _RunResult:
        """Follow the run to its end. Cancel it on an abort or a timeout."""
        self._tell(run.html_url)
        result = self._awaited(run, until=self._until, stopped=self.stopped)
        return result or self._cancelled(run, self._interruption("ended after"))

    def _attended(self, run: WorkflowRun) -> _RunResult:
        """Follow the run to its end. On an abort or a timeout, leave it running."""
        self._tell(run.html_url)
        result = self._awaited(run, until=self._until, stopped=self.stopped)
        return result or _RunResult(
            End.UNKNOWN, f"{self._interruption('looked for')}; its run goes on: {run.html_url}"
        )

    def _interruption(self, words: str) -> str:
        return "stopped" if self.stopped.is_set() else f"{words} {span(self.timeout)}"

    def _cancelled(self, run: WorkflowRun, why: str) -> _RunResult:
        """Cancel the run and return how it ended: it may have finished before the cancel."""
        self._tell(f"{why}: cancelling")
        for pause in islice(self._pauses(), CANCELS):
            if self._takes_the_cancel(run):
                break
            if result := self._awaited(run, until=time.monotonic() + pause, stopped=Event()):
                return result
        until = time.monotonic() + self.pace.grace.total_seconds()
        result = self._awaited(run, until=until, stopped=Event())
        if result is None:
            return _RunResult(End.UNKNOWN, f"{why}, but GitHub has not ended it: {run.html_url}")
        return _RunResult(End.RED, why) if run.conclusion == "cancelled" else result

    def _takes_the_cancel(self, run: WorkflowRun) -> bool:
        try:
            with asking():
                return run.cancel()
        except WorkflowTrouble as trouble:
            self._tell(str(trouble))
            return False

    def _awaited(self, run: WorkflowRun, *, until: float, stopped: Event) -> _RunResult | None:
        """Poll, ever more slowly, until the run ends. Return None on an abort or when the time is up."""
        for pause in self._pauses():
            has_ended = False
            try:
                has_ended = self._has_ended(run)
                self._tell_of_jobs(run)
            except WorkflowTrouble as trouble:
                self._tell(str(trouble))
                pause = max(pause, trouble.pause)  # noqa: PLW2901  GitHub asked for it
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
        with asking():
            run.update()
        self._tell(f"run: {run.conclusion or run.status}")
        return run.status == "completed"

    def _tell_of_jobs(self, run: WorkflowRun) -> None:
        """Report the jobs and steps that have begun. They don't affect the outcome."""
        with asking():
            lines = [line for job in run.jobs() for line in _lines(job)]
        for line in lines:
            self._tell(line)

    def _tell(self, line: str) -> None:
        """Report a line, once."""
        if line not in self.reported:
            self.reported.add(line)
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
