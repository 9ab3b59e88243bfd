"""PagerDuty's REST API: pages, on-call people, schedules, overrides."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from bot.adapters.network.clock import SystemClock
from bot.adapters.network.server_clock import ServerClock
from bot.adapters.pagerduty.alerts import MOST, SOURCE, alert_report
from bot.adapters.pagerduty.answers import JSON, mark, on_call_shift, page_in, part, reference, ringing
from bot.adapters.pagerduty.changes import change
from bot.adapters.pagerduty.directory import AddressBook, PhoneBook
from bot.adapters.pagerduty.reading import (
    IncidentBody,
    OnCallEntry,
    PolicyEntry,
    ServiceEntry,
    User,
    each,
    read,
)
from bot.adapters.pagerduty.rings import MOST_ENTRIES, logged
from bot.adapters.pagerduty.schedules import ScheduleKind, Schedules
from bot.adapters.pagerduty.session import PagerDutySession
from bot.adapters.rendering.mrkdwn import plain
from bot.domain.alert.report import AlertReport
from bot.domain.changes.change import Change
from bot.domain.oncall.ring import RingNews
from bot.domain.oncall.shift import Turn
from bot.ports import Clock, OnCallShift, Pager, Rejected, Ringing

LONGEST_TITLE = 1024


class PagerDuty(Pager):
    """The PagerDuty client. Safe to use from many threads.

    `timeout` limits the wait for one answer. Connecting takes 3 seconds at most.
    """

    source = SOURCE

    def __init__(
        self,
        token: str,
        *,
        from_email: str,
        url: str = "https://api.pagerduty.com",
        timeout: timedelta = timedelta(seconds=10),
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock | None = None,
    ) -> None:
        self.sender = from_email
        self._clock = ServerClock(clock or SystemClock())
        self._session = PagerDutySession(
            token, from_email=from_email, url=url, timeout=timeout, clock=self._clock
        )
        self._numbers = PhoneBook(self._session.call, monotonic)
        self._emails = AddressBook(self._session.call, monotonic)
        self._schedules = Schedules(self._session, self._emails, monotonic)

    def close(self) -> None:
        self._session.close()

    # --- pages

    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        """Page through an escalation policy; None means the service's own policy.

        Raise Rejected `duplicate` if a page with this key is already open.
        """
        whom = {"escalation_policy": reference("escalation_policy", policy)} if policy else {}
        return self._page(key=key, title=title, details=details, service=service, whom=whom)

    def page_person(
        self, *, key: str, title: str, details: str, service: str, email: str, gently: bool = False
    ) -> Ringing:
        """Page one person, found by e-mail. `gently` sends the page with low urgency.

        Raise Rejected `no_such_user` if PagerDuty has no user with this e-mail.
        """
        user = self._known_user(email)
        urgency = {"urgency": "low"} if gently else {}
        whom = {"assignments": [{"assignee": reference("user", user.id)}], **urgency}
        return self._page(key=key, title=title, details=details, service=service, whom=whom)

    def find(self, key: str) -> Ringing | None:
        """Return the newest page with this key, in any state; None if there is none."""
        wanted = {"incident_key": key, "sort_by": "created_at:desc", "limit": 1}
        found = each(IncidentBody, part(self._session.call("GET", "/incidents", params=wanted), "incidents"))
        return next(map(ringing, found), None)

    def look(self, pager_id: str) -> Ringing:
        """Return the current state of a page. Raise Rejected `not_found` if there is none with this id."""
        return page_in(self._session.call("GET", f"/incidents/{pager_id}"))

    def answer(self, pager_id: str, status: str, *, email: str | None) -> Ringing:
        """Acknowledge or resolve a page, and return its new state.

        The change is made in this person's name if PagerDuty knows their e-mail, else in Spy's.
        A page that is already resolved is returned unchanged.
        """
        try:
            answered = self._answer(pager_id, status, sender=email or self.sender)
        except Rejected as rejected:
            if rejected.code == "already_resolved":
                return self.look(pager_id)
            if rejected.code != "unknown_requester" or email in (None, self.sender):
                raise
            return self.answer(pager_id, status, email=None)
        return replace(answered, in_own_name=email is None)

    def address(self, user: str) -> str | None:
        """Return a user's e-mail; None if PagerDuty has no such user. Cached for a day."""
        found = self._emails.of(user)
        return found.email if found else None

    def escalate(self, pager_id: str, level: int) -> Ringing:
        """Page this level of the page's escalation policy; 1 is the first. A repeated call pages nobody else."""
        body = {"incident": {"type": "incident_reference", "escalation_level": level}}
        return page_in(self._session.call("PUT", f"/incidents/{pager_id}", body=body))

    # --- on-call people

    def on_calls(self, policies: Collection[str]) -> Sequence[OnCallShift]:
        """Return who is on call now for these escalation policies, with their phone numbers if known."""
        if not policies:
            return ()
        wanted = {"escalation_policy_ids": sorted(policies), "include": ["users"], "earliest": "true"}
        on_calls = list(each(OnCallEntry, self._session.all("/oncalls", "oncalls", wanted)))
        numbers = self._numbers.of({on_call.user.id for on_call in on_calls})
        return [on_call_shift(on_call, phone=numbers.get(on_call.user.id)) for on_call in on_calls]

    # --- changes

    def changes(self, *, since: datetime, until: datetime) -> Sequence[Change]:
        """Return the change events between two times. Events that can't be read are left out."""
        ahead = self._clock.ahead
        window = {"since": mark(since + ahead), "until": mark(until + ahead)}
        every = self._session.all("/change_events", "change_events", window)
        return [found for entry in every if (found := change(entry, heard_at=until, ahead=ahead))]

    # --- alerts

    def alerts(self, services: Collection[str], *, since: datetime, until: datetime) -> Sequence[AlertReport]:
        """Return the newest incidents of these services that began in this time, in any state, at most `MOST`."""
        if not services:
            return ()
        ahead = self._clock.ahead
        wanted = {
            "since": mark(since + ahead),
            "until": mark(until + ahead + timedelta(seconds=1)),
            "service_ids": sorted(services),
            "sort_by": "created_at:desc",
        }
        every = islice(self._session.all("/incidents", "incidents", wanted), MOST)
        found = [self._alert(it, heard_at=until) for it in each(IncidentBody, every)]
        return [it for it in reversed(found) if it]

    def _alert(self, incident: IncidentBody, *, heard_at: datetime) -> AlertReport | None:
        page = ringing(incident)
        as_of = page.at or incident.created_at or heard_at
        ahead = self._clock.ahead
        return alert_report(incident, who=page.who, as_of=as_of, heard_at=heard_at, ahead=ahead)

    # --- rings

    def rings(self, *, since: datetime, until: datetime) -> Sequence[RingNews]:
        """Return who was paged and who answered between two times, from the account's log of incidents.

        Raise Rejected `too_many` if the log of this time is too long.
        """
        ahead = self._clock.ahead
        window = {"since": mark(since + ahead), "until": mark(until + ahead + timedelta(seconds=1))}
        every = list(islice(self._session.all("/log_entries", "log_entries", window), MOST_ENTRIES + 1))
        if len(every) > MOST_ENTRIES:
            raise Rejected("too_many", f"PagerDuty has more than {MOST_ENTRIES} log entries in this time.")
        return [found for entry in every if (found := logged(entry))]

    # --- schedules

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        """Return the shifts of these schedules that touch this time, overrides included.

        Shifts are whole: they are not cut to the time asked for.
        """
        return [
            turn
            for schedule in sorted(schedules)
            for turn in self._schedules.turns(schedule, since=since, until=until)
        ]

    def override(
        self, schedule: str, *, email: str, start: datetime, end: datetime, instead_of: str | None = None
    ) -> Turn:
        """Put a person on call from `start` to `end`, and return the shift.

        What an earlier try made is found, so a retry makes no second override.
        Raise Rejected `no_such_user` if PagerDuty has no user with this e-mail.
        """
        user = self._known_user(email)
        return self._schedules.override(schedule, user=user, instead_of=instead_of, start=start, end=end)

    def schedule_kind(self, schedule: str) -> ScheduleKind:
        """Return which kind a schedule is. Raise Rejected `not_found` if there is none with this id."""
        return self._schedules.kind(schedule, at=self._clock.now())

    # --- the whole account

    def services(self) -> Sequence[ServiceEntry]:
        return [*each(ServiceEntry, self._session.all("/services", "services", {}))]

    def policies(self) -> Sequence[PolicyEntry]:
        return [*each(PolicyEntry, self._session.all("/escalation_policies", "escalation_policies", {}))]

    def users(self) -> Sequence[User]:
        return [*each(User, self._session.all("/users", "users", {}))]

    def user_with(self, email: str) -> User | None:
        """Return the user with exactly this e-mail: PagerDuty's `query` also returns similar ones."""
        users = each(User, self._session.all("/users", "users", {"query": email}))
        return next((user for user in users if (user.email or "").casefold() == email.casefold()), None)

    def must_have(self, kind: str, ident: str) -> None:
        """Raise Rejected `not_found` if there is no object of this kind (`services`, `users` …) with this id."""
        self._session.call("GET", f"/{kind}/{ident}")

    def must_read_log(self) -> None:
        """Raise Rejected if the token may not read the log of incidents."""
        self._session.call("GET", "/log_entries", params={"limit": 1})

    def owner(self) -> User | None:
        """Return the token's user; None if the token belongs to the whole account."""
        try:
            return read(User, part(self._session.call("GET", "/users/me"), "user"))
        except Rejected as rejected:
            if rejected.code == "unauthorized":
                raise
            return None

    # --- requests

    def _page(self, *, key: str, title: str, details: str, service: str, whom: JSON) -> Ringing:
        incident = {
            "type": "incident",
            "title": " ".join(plain(title).split())[:LONGEST_TITLE],
            "service": reference("service", service),
            "urgency": "high",
            "incident_key": key,
            "body": {"type": "incident_body", "details": plain(details)},
            **whom,
        }
        return page_in(self._session.call("POST", "/incidents", body={"incident": incident}))

    def _answer(self, pager_id: str, status: str, *, sender: str) -> Ringing:
        body = {"incident": {"type": "incident_reference", "status": status}}
        headers = {"From": sender}
        return page_in(self._session.call("PUT", f"/incidents/{pager_id}", body=body, headers=headers))

    def _known_user(self, email: str) -> User:
        user = self.user_with(email)
        if user is None:
            raise Rejected("no_such_user", "PagerDuty has no user with the e-mail", detail=f" {email}.")
        return user
