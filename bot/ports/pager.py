"""PagerDuty, as Spy needs it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.change import Change
from bot.domain.shift import Turn


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """A page as the pager has it: `status` is triggered, acknowledged or resolved; `who` made it so.

    `assigned` is whom it rings, by name; "" is nobody. `merged_into` is the id of the incident that goes on for it.
    """

    id: str
    url: str
    status: str
    key: str | None = None
    who: str | None = None
    user: str | None = field(default=None, compare=False)
    """The pager's id of `who`, where that is a person: the same news from elsewhere may lack it."""
    at: datetime | None = None
    assigned: str | None = None
    merged_into: str | None = None
    merged_url: str | None = None
    in_own_name: bool = False
    """Whether Spy's own account answered: the pager has none for who did."""


@dataclass(frozen=True, kw_only=True)
class PagerNews:
    """What the pager says happened: `kind` is acknowledged, unacknowledged, escalated, resolved or other."""

    id: str
    kind: str
    page: Ringing


@dataclass(frozen=True, kw_only=True)
class OnCallShift:
    """One on-call duty: `start` and `end` in UTC (None: always), `level` of the escalation policy."""

    policy: str
    level: int
    name: str
    email: str | None = None
    phone: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    user: str | None = None
    """The pager's id of the person."""


class Pager(Protocol):
    """PagerDuty. Every call may raise Unreachable, Throttled or Rejected."""

    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        """Page through an escalation policy; under a known key Rejected with `duplicate`."""

    def page_person(
        self, *, key: str, title: str, details: str, service: str, email: str, gently: bool = False
    ) -> Ringing:
        """Page one person, found by e-mail; Rejected with `no_such_user` where PagerDuty has none.

        `gently` is with low urgency, as a test.
        """

    def find(self, key: str) -> Ringing | None:
        """Find the page made under this key."""

    def look(self, pagerduty_id: str) -> Ringing: ...

    def answer(self, pagerduty_id: str, status: str, *, email: str | None) -> Ringing:
        """Acknowledge or resolve, in the name of the person with this e-mail where PagerDuty knows them.

        Else in Spy's own, and `in_own_name` says so.
        """

    def address(self, user: str) -> str | None:
        """Return the e-mail of a user, by the pager's id; None where there is none."""

    def escalate(self, pagerduty_id: str, level: int) -> Ringing:
        """Ring this level (1 is the first) of its escalation policy."""

    def on_calls(self, policies: Collection[str]) -> Sequence[OnCallShift]:
        """Return who is on call now, for these escalation policies, with a phone number where there is one."""

    def changes(self, *, since: datetime, until: datetime) -> Sequence[Change]:
        """Return what changed in a time, as others told the pager; a change's `service` is the pager's id of it."""

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        """Read schedules as they hold in the end, in whole entries; Rejected where there is no such schedule."""

    def override(self, schedule: str, *, email: str, start: datetime, end: datetime) -> Turn:
        """Put somebody, found by e-mail, on call for a while; a second time it is found, not made.

        Rejected with `no_such_user` where PagerDuty has nobody of this e-mail.
        """
