"""Past facts of a failover: its audit log, and lines of the incident's timeline where it belongs to one."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.events import Event


@dataclass(frozen=True, kw_only=True)
class FailoverEvent(Event):
    """Something that happened to a run: `failover` is its number, `what` its words (pod 7 to east)."""

    failover: int
    what: str


@dataclass(frozen=True, kw_only=True)
class FailoverProposed(FailoverEvent):
    """`task` is move, rehearsal or rollback; `until` when the proposal lapses."""

    task: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class FailoverApproved(FailoverEvent):
    """Somebody approved what was shown; `needed` is how many more must."""

    needed: int


@dataclass(frozen=True, kw_only=True)
class FailoverChanged(FailoverEvent):
    """The plan was changed since it was shown: what was approved does not count any more."""

    until: datetime


@dataclass(frozen=True, kw_only=True)
class FailoverBegan(FailoverEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class FailoverResumed(FailoverEvent):
    """The process that ran it is gone, and another goes on; `attempt` was under way, if any was."""

    attempt: int | None


@dataclass(frozen=True, kw_only=True)
class FailoverActionStarted(FailoverEvent):
    """An attempt began: `action` as in `failover.ActionKind`, `name` of the step or check, `does` in a few words."""

    attempt: int
    action: str
    at_step: int
    stage: int | None
    name: str
    does: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class FailoverActionFinished(FailoverEvent):
    """An attempt ended: `end` is ok, red or unknown; `output` what it printed, `dropped` bytes before that not kept."""

    attempt: int
    action: str
    name: str
    end: str
    says: str
    took: float
    """Seconds."""
    output: str = ""
    dropped: int = 0


@dataclass(frozen=True, kw_only=True)
class FailoverCrashed(FailoverEvent):
    """Spy could not make ready what comes next, step `name`, for a fault of its own."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FailoverAsked(FailoverEvent):
    """Nobody but a person can say how it goes on: question `question`, about step `name`."""

    question: int
    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FailoverAnswered(FailoverEvent):
    question: int
    answer: str


@dataclass(frozen=True, kw_only=True)
class FailoverReminded(FailoverEvent):
    """A question was asked for the `count`th time, since nobody had answered."""

    question: int
    count: int
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class FailoverAborted(FailoverEvent):
    """Somebody wants it back where it was; what runs is being ended."""


@dataclass(frozen=True, kw_only=True)
class FailoverRollbackBegan(FailoverEvent):
    why: str


@dataclass(frozen=True, kw_only=True)
class FailoverEnded(FailoverEvent):
    """`state` as in `failover.State`: done, rolled back, failed, left, lapsed or withdrawn."""

    state: str
    why: str = ""
    stands: tuple[str, ...] = ()
    """What was moved and not taken back, by name of step."""
