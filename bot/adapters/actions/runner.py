"""Run the steps and checks of a failover plan: programs, HTTP requests and workflows."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Self

from bot.adapters.actions.http import HttpCaller
from bot.adapters.actions.process import Processes
from bot.adapters.actions.variables import Variables
from bot.domain.failover.plan import (
    Check,
    End,
    HttpCall,
    Instruction,
    Outcome,
    Plan,
    Program,
    Question,
    Workflow,
)
from bot.domain.foreign import unmarked

if TYPE_CHECKING:
    from bot.adapters.github.workflows import Workflows

AGAIN = timedelta(seconds=1)
"""The pause between two attempts of a check. The last attempt may exceed the check's time by this much."""
LONGEST_LOOK = timedelta(seconds=10)
"""The longest one HTTP attempt of a check may take; a check with more time tries again instead of waiting."""


class ExternalActionRunner:
    """Implements `ports.ActionRunner`. A failure outside is returned as an Outcome, not raised."""

    def __init__(
        self,
        *,
        processes: Processes,
        web: HttpCaller,
        workflows: "Callable[[], Workflows]",
        again: timedelta = AGAIN,
    ) -> None:
        """`workflows` is called only when a workflow runs, because its library is slow to load.

        `again` is the pause between two attempts of a check.
        """
        self._processes = processes
        self._web = web
        self._workflows = workflows
        self._again = again.total_seconds()

    @classmethod
    def within(
        cls,
        environment: Mapping[str, str],
        *,
        folder: Path,
        secrets: Iterable[str],
        plans: Callable[[], Iterable[Plan]],
        github_token: str,
        github_url: str,
    ) -> Self:
        """Build the runner. `folder` is that of config.yaml; `plans` returns the current plans; `secrets` are Spy's."""
        variables = Variables(environment, own=secrets, plans=plans)

        def workflows() -> "Workflows":
            from bot.adapters.github.workflows import Workflows  # noqa: PLC0415  loaded only when a workflow runs

            return Workflows(github_token, variables=variables, url=github_url)

        return cls(
            processes=Processes(folder=folder, environment=environment, variables=variables),
            web=HttpCaller(variables, authorities=environment.get("REQUESTS_CA_BUNDLE")),
            workflows=workflows,
        )

    def perform(
        self,
        instruction: Instruction,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Run an instruction once, and return its outcome. Raise TypeError for a Question, which only people answer.

        `hear` receives the output while it comes. Set `stopped` to abort.
        """
        match instruction:
            case Program():
                ended = self._processes.run(instruction, timeout=timeout, hear=hear, stopped=stopped)
            case HttpCall():
                ended = self._web.ask(instruction, timeout=timeout, hear=hear, stopped=stopped)
            case Workflow():
                ended = self._workflows().dispatch(
                    instruction, mark=mark, timeout=timeout, hear=hear, stopped=stopped
                )
            case Question():
                raise TypeError(f"A question is asked of people, not performed: {instruction.person}")
        return _harmless(ended)

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        """Run a check now and then every second, until it is OK, its time is up, or `stopped` is set."""
        until = time.monotonic() + check.within.total_seconds()
        while True:
            seen = self._looked(check, timedelta(seconds=max(until - time.monotonic(), self._again)), stopped)
            if seen.end is End.OK:
                return seen
            if stopped.wait(min(self._again, max(until - time.monotonic(), 0))):
                return Outcome(end=End.RED, says="stopped", output=seen.output, dropped=seen.dropped)
            if time.monotonic() >= until:
                return Outcome(end=End.RED, says=seen.says, output=seen.output, dropped=seen.dropped)

    def look(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        """Find the workflow run with this mark, and follow it to its end. UNKNOWN if there is none."""
        ended = self._workflows().look(instruction, mark=mark, timeout=timeout, hear=hear, stopped=stopped)
        return _harmless(ended)

    def _looked(self, check: Check, left: timedelta, stopped: Event) -> Outcome:
        if isinstance(check.by, Program):
            seen = self._processes.run(check.by, timeout=left, hear=_unheard, stopped=stopped)
        else:
            longest = min(left, LONGEST_LOOK)
            seen = self._web.ask(check.by, timeout=longest, hear=_unheard, stopped=stopped)
        return _harmless(seen)


def _harmless(outcome: Outcome) -> Outcome:
    """Return the outcome with a sentence that notifies nobody: it may quote a program or a server."""
    return replace(outcome, says=unmarked(outcome.says))


def _unheard(_said: str) -> None:
    """Ignore live output: a check's outcome has all of it."""
