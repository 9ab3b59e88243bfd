"""A pager, as Spy needs it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bot.domain.alert.report import AlertReport
from bot.domain.changes.change import Change
from bot.domain.oncall.ring import RingNews
from bot.domain.oncall.shift import Turn
from bot.ports.failures import Rejected

USUAL_PAGER = "PagerDuty"
"""The name in messages if no pager is set up. A vendor has its own."""


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """A page as the pager has it. `status` is triggered, acknowledged or resolved; `who` set it.

    `assigned` is the name of the person being paged; "" is nobody. `merged_into` is the id of the incident that
    replaces it.
    """

    id: str
    url: str
    status: str
    key: str | None = None
    who: str | None = None
    user: str | None = field(default=None, compare=False)
    """The pager's id of `who`, if that is a person. News from another source may lack it."""
    at: datetime | None = None
    assigned: str | None = None
    merged_into: str | None = None
    merged_url: str | None = None
    in_own_name: bool = False
    """Whether Spy's own account acknowledged or resolved it. The pager then names no person."""


@dataclass(frozen=True, kw_only=True)
class PagerNews:
    """An event from the pager. `kind` is acknowledged, unacknowledged, escalated, resolved or other."""

    id: str
    kind: str
    page: Ringing
    ring: RingNews | None = None
    """Whom it rang or who answered, of any incident of the pager; None if neither."""
    alert: AlertReport | None = field(default=None, compare=False)
    """The pager's incident as an alert; None if a Spy made it."""


@dataclass(frozen=True, kw_only=True)
class OnCallShift:
    """One on-call shift. `start` and `end` are in UTC (None: always); `level` is of the escalation policy."""

    policy: str
    level: int
    name: str
    email: str | None = None
    phone: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    user: str | None = None
    """The pager's id of the person."""


class Pager(ABC):
    """What Spy needs of a pager. Every call may raise Unreachable, Throttled or Rejected.

    Methods that are not abstract are for what a pager may lack.
    """

    source: ClassVar[str] = ""
    """The source of its alerts, as in `AlertReport`."""

    @abstractmethod
    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        """Page through an escalation policy. Rejected with `duplicate` if the key is known."""

    @abstractmethod
    def page_person(
        self, *, key: str, title: str, details: str, service: str, email: str, gently: bool = False
    ) -> Ringing:
        """Page one person, found by e-mail. Rejected with `no_such_user` if the pager has none.

        `gently` pages with low urgency, as a test does.
        """

    @abstractmethod
    def find(self, key: str) -> Ringing | None:
        """Find the page made under this key."""

    @abstractmethod
    def look(self, pager_id: str) -> Ringing:
        """Return the current state of a page. Rejected with `not_found` if there is none with this id."""

    @abstractmethod
    def answer(self, pager_id: str, status: str, *, email: str | None) -> Ringing:
        """Acknowledge or resolve, in the name of the person with this e-mail if the pager knows them.

        Otherwise in Spy's own name; then `in_own_name` is set.
        """

    @abstractmethod
    def on_calls(self, policies: Collection[str]) -> Sequence[OnCallShift]:
        """Return who is on call now for these escalation policies, with a phone number if there is one."""

    @abstractmethod
    def close(self) -> None:
        """Close its connections."""

    # --- what a pager may lack

    def address(self, user: str) -> str | None:
        """Return a user's e-mail, by the pager's id; None if there is none."""
        del user
        return None

    def escalate(self, pager_id: str, level: int) -> Ringing:
        """Page this level (1 is the first) of its escalation policy."""
        raise Rejected("lacking", f"page {pager_id} can't be escalated to level {level} from Spy")

    def changes(self, *, since: datetime, until: datetime) -> Sequence[Change]:
        """Return the changes that other tools sent to the pager in this time. `service` is the pager's id of it."""
        del since, until
        return ()

    def rings(self, *, since: datetime, until: datetime) -> Sequence[RingNews]:
        """Return who was paged and who answered between two times, in all incidents of the pager.

        Rejected with `too_many` if there is more than can be read at once: ask for a shorter time.
        """
        del since, until
        raise Rejected("lacking", "Spy can't read who was paged")

    def alerts(self, services: Collection[str], *, since: datetime, until: datetime) -> Sequence[AlertReport]:
        """Return the newest incidents of these services (the pager's ids) that began in this time and no Spy made."""
        del services, since, until
        return ()

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        """Return the final entries of these schedules, uncut. Rejected if a schedule does not exist."""
        del since, until
        raise Rejected("lacking", f"Spy can't read these schedules: {', '.join(schedules)}")

    def override(
        self, schedule: str, *, email: str, start: datetime, end: datetime, instead_of: str | None = None
    ) -> Turn:
        """Put someone, found by e-mail, on call for a while. A repeated call finds what the first one made.

        `instead_of` is the pager's id of who is replaced, where several are on call at once.
        Rejected with `no_such_user` if the pager has nobody with this e-mail.
        """
        del email, start, end, instead_of
        raise Rejected("lacking", f"the schedule {schedule} can't be changed from Spy")
