"""The parts of a failover run: its states, its actions, and the questions to people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.failover.plan import End


class Task(StrEnum):
    MOVE = "move"
    REHEARSAL = "rehearsal"
    """Only checks and dry runs; nothing moves."""
    ROLLBACK = "rollback"
    """Undoes an earlier run that succeeded."""


class State(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    """Enough people approved; a worker starts it next."""
    RUNNING = "running"
    ROLLING_BACK = "rolling back"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    """It ended before anything had moved."""
    LEFT = "left"
    """A person ended it and left the steps as they were."""
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


UNDER_WAY = frozenset({State.RUNNING, State.ROLLING_BACK})
ACTIVE = frozenset({State.PROPOSED, State.APPROVED, *UNDER_WAY})


class ActionKind(StrEnum):
    CHECK = "check"
    RUN = "run"
    VERIFY = "verify"
    SOAK = "soak"
    AGAIN = "again"
    """The step's check, repeated after the soak."""
    UNDO = "undo"
    LOOK = "look"
    """Checks whether an action with an unknown outcome happened."""


ONCE_ONLY = frozenset({ActionKind.RUN, ActionKind.UNDO})
"""Spy never repeats these without asking. The other actions only read or wait, so they are safe to repeat."""


class Answer(StrEnum):
    CHECK = "check"
    HAPPENED = "happened"
    DID_NOT = "did_not"
    ROLL_BACK = "roll_back"
    YES = "yes"
    NO = "no"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Action:
    """A part of a step (`at` indexes the plan's `steps`) or a check before them (`at` indexes `before`).

    `stage` is an index into the step's stages.
    """

    kind: ActionKind
    at: int
    stage: int | None = None


@dataclass(frozen=True, kw_only=True)
class ActionAttempt:
    """An action that runs outside now, and its start (UTC)."""

    number: int
    action: Action
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Result:
    """How an attempt ended, as observed or as a person answered."""

    action: Action
    end: End
    says: str
    at: datetime
    took: timedelta = timedelta()
    attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpenQuestion:
    """A question to people, and the answers it accepts."""

    number: int
    action: Action
    end: End
    why: str
    since: datetime
    answers: tuple[Answer, ...]
    attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class Approval:
    by: str
    at: datetime
