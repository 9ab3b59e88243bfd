"""Does what a failover's plan says: commands, requests, workflows, each by its own adapter."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Self

from bot.adapters.actions.http import HttpCaller
from bot.adapters.actions.process import Processes
from bot.adapters.actions.variables import Variables
from bot.domain.plan import Check, End, HttpCall, Instruction, Outcome, Plan, Program, Question, Workflow

if TYPE_CHECKING:
    from bot.adapters.github.workflows import Workflows

AGAIN = timedelta(seconds=1)
"""Between two looks of a check; the last one may take as long, though the check's time is up."""
LONGEST_LOOK = timedelta(seconds=10)
"""How long one look by HTTP may take: a check that has more time looks again rather than waits."""


class OutsideActionRunner:
    """The world as it is. What goes wrong there is an outcome, and nothing that is raised."""

    def __init__(
        self,
        *,
        processes: Processes,
        web: HttpCaller,
        workflows: "Callable[[], Workflows]",
        again: timedelta = AGAIN,
    ) -> None:
        """`workflows` are asked for when one is to run, and not before: their library is slow to load."""
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
        """Build it from Spy's environment and secrets, the plans as they are at any time, and config.yaml's folder."""
        variables = Variables(environment, own=secrets, plans=plans)

        def workflows() -> "Workflows":
            from bot.adapters.github.workflows import Workflows  # noqa: PLC0415  a bot without any need not load it

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
        """Do it once; a question is for people, and a mistake of the caller here."""
        match instruction:
            case Program():
                return self._processes.run(instruction, timeout=timeout, hear=hear, stopped=stopped)
            case HttpCall():
                return self._web.ask(instruction, timeout=timeout, hear=hear, stopped=stopped)
            case Workflow():
                return self._workflows().dispatch(
                    instruction, mark=mark, timeout=timeout, hear=hear, stopped=stopped
                )
            case Question():
                raise TypeError(f"A question is asked of people, not performed: {instruction.person}")

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        """Look at once, and again every second until it is green or its time is up."""
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
        """Find the run of a workflow that was dispatched under this mark, and follow it to its end."""
        return self._workflows().look(instruction, mark=mark, timeout=timeout, hear=hear, stopped=stopped)

    def _looked(self, check: Check, left: timedelta, stopped: Event) -> Outcome:
        if isinstance(check.by, Program):
            return self._processes.run(check.by, timeout=left, hear=_unheard, stopped=stopped)
        return self._web.ask(check.by, timeout=min(left, LONGEST_LOOK), hear=_unheard, stopped=stopped)


def _unheard(_said: str) -> None:
    """Nobody watches what a check prints: its outcome has it."""
