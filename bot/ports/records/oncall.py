"""The records of who is on call, of shifts, covers and contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.ring import PagerRing
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

    def of_ledger(
        self, since: datetime, until: datetime, *, person: str = "", schedule: str = ""
    ) -> Sequence[Shift]:
        """Return the shifts of a person, or of a schedule, that overlap this time. Includes removed shifts."""

    def between(self, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return all shifts that overlap this time. Excludes removed shifts."""

    def put(self, shift: Shift) -> None: ...


@dataclass(frozen=True, kw_only=True)
class RingCopy:
    """From when until when Spy has read all of the pager's rings (UTC). `trouble` is why it has not read on."""

    since: datetime | None = None
    until: datetime | None = None
    trouble: str | None = None


class RingCopyRecords(Protocol):
    def copy(self) -> RingCopy: ...
    def replace(self, copy: RingCopy) -> None: ...


class RingRecords(Protocol):
    def of(self, incident: str) -> Sequence[PagerRing]:
        """Return the rings of one of the pager's incidents."""

    def last_of(self, user: str, *, since: datetime) -> PagerRing | None:
        """Return the last ring of a user of the pager."""

    def of_nobody(self, user: str, *, since: datetime, limit: int) -> Sequence[PagerRing]:
        """Return a user's rings whose person in Slack is unknown, newest first."""

    def since(self, since: datetime, until: datetime) -> Sequence[PagerRing]:
        """Return all rings that began in this time, earliest first."""

    def of_person(self, person: str, *, since: datetime, until: datetime) -> Sequence[PagerRing]:
        """Return a person's (Slack id) rings that began in this time, earliest first."""

    def counts(self, people: Sequence[str], *, since: datetime) -> Mapping[str, int]:
        """Return how many rings these people (Slack ids) had since then. Who had none is left out."""

    def unknown_users(
        self, *, since: datetime, asked_before: datetime, besides: Sequence[str], limit: int
    ) -> Sequence[str]:
        """Return users of the pager who were paged since then, and whose person in Slack is unknown.

        Slack was not asked about them, or before `asked_before`. Those of `besides` are returned anyway.
        """

    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete rings that began before then. Return how many."""

    def remove(self, incident: str) -> None:
        """Delete the rings of one of the pager's incidents."""

    def put(self, ring: PagerRing) -> None: ...


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
