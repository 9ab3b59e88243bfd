"""The records of who is on call, of shifts, covers and contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.shift import Shift
from bot.domain.subject import Subject
from bot.ports.pager import OnCallShift


@dataclass(frozen=True, kw_only=True)
class OnCallCopy:
    """The pager's on-calls, as copied at `synced_at`. `trouble` is why the copy is not newer."""

    on_calls: tuple[OnCallShift, ...] = ()
    synced_at: datetime | None = None
    trouble: str | None = None


class OnCallRecords(Protocol):
    def copy(self) -> OnCallCopy: ...
    def replace(self, copy: OnCallCopy) -> None: ...


class ShiftRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Shift | None: ...
    def of(self, subject: Subject) -> Shift | None:
        """Find a shift by `shift:<schedule>:<user>:<start>`."""

    def on(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return a schedule's shifts that overlap this time, earliest first. Includes removed shifts."""

    def of_person(self, person: str, *, since: datetime) -> Sequence[Shift]:
        """Return a person's (Slack id) shifts that end after `since`, earliest first. Excludes removed shifts."""

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return all shifts that overlap this time. Excludes removed shifts."""

    def put(self, shift: Shift) -> None: ...


class CoverRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> CoverRequest | None: ...
    def open(self) -> Sequence[CoverRequest]:
        """Return requests that are open or accepted, earliest first."""

    def put(self, cover: CoverRequest) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Contact:
    """An e-mail address that the pager knows, and its owner in Slack. `reported_at`: when it was reported as nobody's.

    `tried_at` is when Slack was asked and did not answer.
    """

    email: str
    person: str | None = None
    asked_at: datetime | None = None
    tried_at: datetime | None = None
    reported_at: datetime | None = None


class ContactRecords(Protocol):
    """Who has which e-mail address in Slack, as of the last query."""

    def get(self, email: str) -> Contact | None: ...
    def put(self, contact: Contact) -> None: ...
