"""An operator in memory, for tests of what stands on the port: nothing moves, and all that was asked for is kept."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Lock

from bot.domain.failover.plan import Check, End, Instruction, Outcome, Question, Workflow

FINE = Outcome(end=End.OK, says="exit 0")
GREEN = Outcome(end=End.OK, says="HTTP 200")
UNHEARD_OF = Outcome(end=End.UNKNOWN, says="whether it was dispatched is not known: no run shows its mark")
STOPPED = Outcome(end=End.RED, says="stopped")
PATIENCE = 10.0
"""Seconds that something hangs at most: a test that forgets to stop it fails rather than waits."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """Something that was performed, and the mark of that try."""

    instruction: Instruction
    mark: str


@dataclass(frozen=True, kw_only=True)
class Hang:
    """An outcome that does not come before somebody aborts; `began` is set when it is waited for."""

    then: Outcome = STOPPED
    began: Event = field(default_factory=Event)


Script = Outcome | Hang | BaseException


class FakeActionRunner:
    """All is well unless a test says otherwise: `script(step, …)` gives outcomes, one a try, then all is well again.

    An exception among them is raised: so does a process die. `performed`, `checked` and `looked` are what was done.
    """

    def __init__(self) -> None:
        self.performed: list[Done] = []
        self.checked: list[Check] = []
        self.looked: list[Done] = []
        self.does: Callable[[Instruction], object] = lambda _: None
        """Called at each performance, in its midst: for a test that looks at what is kept at that moment."""
        self._scripts: defaultdict[str, deque[Script]] = defaultdict(deque)
        self._runs: dict[str, Outcome] = {}
        self._lock = Lock()

    # --- said by a test

    def script(self, what: Instruction | Check, *outcomes: Script) -> None:
        """Return how the next tries of this end."""
        self._scripts[repr(what)].extend(outcomes)

    def has_run(self, mark: str, outcome: Outcome) -> None:
        """Let a run of a workflow be found under this mark."""
        self._runs[mark] = outcome

    @property
    def marks(self) -> list[str]:
        return [done.mark for done in self.performed]

    # --- the port

    def perform(
        self,
        instruction: Instruction,
        *,
        mark: str,
        timeout: timedelta,  # noqa: ARG002  a fake has no time of its own
        hear: Callable[[str], None],
        stopped: Event,
    ) -> Outcome:
        if isinstance(instruction, Question):
            raise TypeError(f"A question is asked of people, not performed: {instruction.person}")
        if stopped.is_set():
            return STOPPED
        with self._lock:
            self.performed.append(Done(instruction=instruction, mark=mark))
        self.does(instruction)
        outcome = self._played(instruction, FINE, stopped)
        if outcome.output:
            hear(outcome.output)
        if isinstance(instruction, Workflow):
            self._runs.setdefault(mark, outcome)
        return outcome

    def check(self, check: Check, *, stopped: Event) -> Outcome:
        with self._lock:
            self.checked.append(check)
        return self._played(check, GREEN, stopped)

    def look(
        self,
        instruction: Workflow,
        *,
        mark: str,
        timeout: timedelta,  # noqa: ARG002  as above
        hear: Callable[[str], None],  # noqa: ARG002  it has said all it said
        stopped: Event,  # noqa: ARG002  it has ended
    ) -> Outcome:
        with self._lock:
            self.looked.append(Done(instruction=instruction, mark=mark))
        return self._runs.get(mark, UNHEARD_OF)

    def _played(self, what: Instruction | Check, usual: Outcome, stopped: Event) -> Outcome:
        with self._lock:
            waiting = self._scripts[repr(what)]
            scripted: Script = waiting.popleft() if waiting else usual
        if isinstance(scripted, Hang):
            scripted.began.set()
            if not stopped.wait(PATIENCE):
                raise AssertionError(f"Nobody stopped {what}")
            return scripted.then
        if isinstance(scripted, BaseException):
            raise scripted
        return scripted
