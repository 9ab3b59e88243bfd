"""The events of a failover. They form its audit log, and appear on the timeline of its incident."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.event import CARD, Event, ShownIn


@dataclass(frozen=True, kw_only=True)
class FailoverEvent(Event):
    """Something that happened to a run. `failover` is its number; `what` describes it (pod 7 to east)."""

    failover: int
    what: str


@dataclass(frozen=True, kw_only=True)
class FailoverProposed(FailoverEvent):
    """A run was proposed. `task` is move, rehearsal or rollback; `until` (UTC) is when the proposal lapses."""

    task: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class FailoverApproved(FailoverEvent):
    """Somebody approved the shown plan. `needed` is how many more approvals are required."""

    needed: int
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class FailoverChanged(FailoverEvent):
    """The plan has changed since it was shown. Earlier approvals don't count any more."""

    until: datetime


@dataclass(frozen=True, kw_only=True)
class FailoverBegan(FailoverEvent):
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)


@dataclass(frozen=True, kw_only=True)
class FailoverResumed(FailoverEvent):
    """The process that ran it is gone, and another one continues. `attempt` was unfinished, if set."""

    attempt: int | None


@dataclass(frozen=True, kw_only=True)
class FailoverActionStarted(FailoverEvent):
    """An attempt began.

    `action` is a `failover.ActionKind`, `name` the step or check, and `does` a short description.
    """

    attempt: int
    action: str
    at_step: int
    stage: int | None
    name: str
    does: str
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class FailoverActionFinished(FailoverEvent):
    """An attempt ended.

    `end` is ok, red or unknown. `output` is what it printed, after `dropped` bytes that were not kept.
    """

    attempt: int
    action: str
    name: str
    end: str
    says: str
    took: float
    """Seconds."""
    output: str = ""
    dropped: int = 0
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class FailoverCrashed(FailoverEvent):
    """Spy failed to prepare the next action, of step `name`, because of a fault of its own."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FailoverAsked(FailoverEvent):
    """A person must say how to continue. `question` is the question's number; `name` is the step."""

    question: int
    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FailoverAnswered(FailoverEvent):
    question: int
    answer: str
    is_minor: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class FailoverReminded(FailoverEvent):
    """A question was repeated for the `count`th time because nobody had answered."""

    question: int
    count: int
    substance: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class FailoverAborted(FailoverEvent):
    """Somebody aborted the run. Spy is stopping the running action."""


@dataclass(frozen=True, kw_only=True)
class FailoverRollbackBegan(FailoverEvent):
    why: str


@dataclass(frozen=True, kw_only=True)
class FailoverEnded(FailoverEvent):
    """The run ended. `state` is one of `failover.State`: done, rolled back, failed, left, lapsed or withdrawn."""

    state: str
    why: str = ""
    stands: tuple[str, ...] = ()
    """The names of the steps that were moved and not undone."""
    shown_in: ClassVar[tuple[ShownIn, ...]] = (CARD,)
