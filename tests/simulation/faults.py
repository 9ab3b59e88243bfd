"""Which faults a seed brings, and where."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What befalls one call, one commit, or one process."""

    THROTTLED = "429"
    FAILED = "500"
    RESET = "reset"
    LOST = "lost answer"
    SLOW = "delay"
    CUT_OFF = "partition"
    CRASH = "crash"
    CONFLICT = "conflict"
    NO_COMMIT = "commit refused"
    UNSURE_COMMIT = "commit unanswered"
    SLOW_DISK = "slow disk"
    GIVEN_UP = "request given up"
    TWICE = "delivered twice"
    NEVER = "notice lost"
    STOPPED = "process stopped"
    JUMP = "clock jump"
    JOINED = "another process"


OF_A_CALL = (Fault.THROTTLED, Fault.FAILED, Fault.RESET, Fault.LOST, Fault.SLOW)
OF_A_COMMIT = (Fault.CONFLICT, Fault.NO_COMMIT, Fault.UNSURE_COMMIT, Fault.SLOW_DISK)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How likely each kind is, at each chance it has."""

    call: float = 0.05
    commit: float = 0.01
    crash_in_call: float = 0.002
    crash_in_commit: float = 0.0005
    stop: float = 0.001
    given_up: float = 0.005
    twice: float = 0.03
    never: float = 0.05


HARSH = Rates(call=0.15, commit=0.03, crash_in_call=0.02, crash_in_commit=0.003, stop=0.005, twice=0.1)


@dataclass(kw_only=True)
class Faults:
    """Draws faults until it is told to stop."""

    random: Random
    rates: Rates = field(default_factory=Rates)
    are_on: bool = True
    count: Counter[Fault] = field(default_factory=Counter)
    calls: int = 0

    def of_call(self) -> Fault | None:
        self.calls += 1
        return self.one_of(OF_A_CALL) if self._befalls(self.rates.call) else None

    def of_commit(self) -> Fault | None:
        return self.one_of(OF_A_COMMIT) if self._befalls(self.rates.commit) else None

    def befalls(self, fault: Fault, rate: float) -> bool:
        """Return whether this one happens now, and count it."""
        return self._befalls(rate) and self.counted(fault) is fault

    def one_of(self, kinds: tuple[Fault, ...]) -> Fault:
        return self.counted(self.random.choice(kinds))

    def counted(self, fault: Fault) -> Fault:
        self.count[fault] += 1
        return fault

    def _befalls(self, rate: float) -> bool:
        return self.are_on and self.random.random() < rate
