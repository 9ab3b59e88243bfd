"""PagerDuty's REST API: pages, on-call people, schedules, overrides. The only file that imports pdpyras.

pdpyras would retry by itself and sleep in between. That is switched off here, because the outbox decides about
retries: it must look for a page whose outcome is unknown before it sends the page again.
"""

import json
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from requests import Response
from requests.adapters import HTTPAdapter

from bot.adapters.network.clock import SystemClock
from bot.adapters.network.reasons import reason
from bot.adapters.network.server_clock import ServerClock
from bot.adapters.pagerduty.changes import change
from bot.adapters.pagerduty.reading import (
    Acknowledgement,
    ContactMethod,
    IncidentBody,
    OnCallEntry,
    PolicyEntry,
    ScheduleEntry,
    ServiceEntry,
    User,
    each,
    read,
)
from bot.adapters.rendering.mrkdwn import plain
from bot.domain.changes.change import Change
from bot.domain.oncall.shift import Turn
from bot.domain.text import storable_json
from bot.ports import CheckResult, Clock, OnCallShift, Rejected, Ringing, Throttled, Unreachable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # each import of pdpyras warns about its successor
    from pdpyras import APISession, PDClientError

JSON = Mapping[str, Any]

CONNECTING = timedelta(seconds=3)
LONGEST_TITLE = 1024
CONNECTIONS = 32
"""The most connections kept open; the outbox sends fewer pages than this at once."""

_DUPLICATE = 2002
_UNKNOWN_REQUESTER = 1008
_ALREADY_RESOLVED = 1001
_NUMBERS_KEPT = timedelta(days=1)

_CURES = {
    401: ("unauthorized", "PagerDuty refuses the token. Put a valid REST API key in PAGERDUTY_API_TOKEN."),
    402: ("not_in_plan", "The PagerDuty account's plan does not include this."),
    403: ("forbidden", "The PagerDuty token may not do this. Use a REST API key with full access."),
    404: ("not_found", "PagerDuty does not have this: compare the ids in config.yaml with PagerDuty's."),
}


class PagerDuty:
    """The PagerDuty client. Safe to use from many threads.

    `timeout` limits the wait for one answer. Connecting takes 3 seconds at most.
    """

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
        self._from = from_email
        self._clock = ServerClock(clock or SystemClock())
        self._session = _Session(token, from_email=from_email, url=url, timeout=timeout, clock=self._clock)
        self._numbers = _PhoneBook(self._call, monotonic)
        self._emails = _AddressBook(self._call, monotonic)

    def close(self) -> None:
        self._session.close()

    # --- pages

    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        """Page through an escalation policy; None means the service's own policy.

        Raise Rejected `duplicate` if a page with this key is already open.
        """
        whom = {"escalation_policy": _reference("escalation_policy", policy)} if policy else {}
        return self._page(key=key, title=title, details=details, service=service, whom=whom)

    def page_person(
        self, *, key: str, title: str, details: str, service: str, email: str, gently: bool = False
    ) -> Ringing:
        """Page one person, found by e-mail. `gently` sends the page with low urgency.

        Raise Rejected `no_such_user` if PagerDuty has no user with this e-mail.
        """
        user = self._known_user(email)
        urgency = {"urgency": "low"} if gently else {}
        whom = {"assignments": [{"assignee": _reference("user", user.id)}], **urgency}
        return self._page(key=key, title=title, details=details, service=service, whom=whom)

    def find(self, key: str) -> Ringing | None:
        """Return the newest page with this key, in any state; None if there is none."""
        wanted = {"incident_key": key, "sort_by": "created_at:desc", "limit": 1}
        found = each(IncidentBody, _part(self._call("GET", "/incidents", params=wanted), "incidents"))
        return next(map(_ringing, found), None)

    def look(self, pagerduty_id: str) -> Ringing:
        """Return the current state of a page. Raise Rejected `not_found` if there is none with this id."""
        return _answered(self._call("GET", f"/incidents/{pagerduty_id}"))

    def answer(self, pagerduty_id: str, status: str, *, email: str | None) -> Ringing:
        """Acknowledge or resolve a page, and return its new state.

        The change is made in this person's name if PagerDuty knows their e-mail, else in Spy's.
        A page that is already resolved is returned unchanged.
        """
        try:
            answered = self._answer(pagerduty_id, status, sender=email or self._from)
        except Rejected as rejected:
            if rejected.code == "already_resolved":
                return self.look(pagerduty_id)
            if rejected.code != "unknown_requester" or email in (None, self._from):
                raise
            return self.answer(pagerduty_id, status, email=None)
        return replace(answered, in_own_name=email is None)

    def address(self, user: str) -> str | None:
        """Return a user's e-mail; None if PagerDuty has no such user. Cached for a day."""
        found = self._emails.of(user)
        return found.email if found else None

    def escalate(self, pagerduty_id: str, level: int) -> Ringing:
        """Page this level of the page's escalation policy; 1 is the first. A repeated call pages nobody else."""
        body = {"incident": {"type": "incident_reference", "escalation_level": level}}
        return _answered(self._call("PUT", f"/incidents/{pagerduty_id}", body=body))

    # --- on-call people

    def on_calls(self, policies: Collection[str]) -> Sequence[OnCallShift]:
        """Return who is on call now for these escalation policies, with their phone numbers if known."""
        if not policies:
            return ()
        wanted = {"escalation_policy_ids": sorted(policies), "include": ["users"], "earliest": "true"}
        on_calls = list(each(OnCallEntry, self._all("/oncalls", "oncalls", wanted)))
        numbers = self._numbers.of({on_call.user.id for on_call in on_calls})
        return [_on_call(on_call, phone=numbers.get(on_call.user.id)) for on_call in on_calls]

    # --- changes

    def changes(self, *, since: datetime, until: datetime) -> Sequence[Change]:
        """Return the change events between two times. Events that can't be read are left out."""
        ahead = self._clock.ahead
        window = {"since": _mark(since + ahead), "until": _mark(until + ahead)}
        every = self._all("/change_events", "change_events", window)
        return [found for entry in every if (found := change(entry, heard_at=until, ahead=ahead))]

    # --- schedules

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        """Return the shifts of these schedules that touch this time, overrides included.

        Shifts are whole: they are not cut to the time asked for.
        """
        window = {"since": _mark(since), "until": _mark(until), "overflow": "true"}
        return [turn for schedule in sorted(schedules) for turn in self._turns(schedule, window)]

    def _turns(self, schedule: str, window: JSON) -> Iterator[Turn]:
        found = _part(self._call("GET", f"/schedules/{schedule}", params=window), "schedule")
        entries = _part(_part(found, "final_schedule"), "rendered_schedule_entries")
        yield from (self._turn(schedule, entry) for entry in each(ScheduleEntry, entries))

    def override(self, schedule: str, *, email: str, start: datetime, end: datetime) -> Turn:
        """Put a person on call from `start` to `end`, and return the shift.

        An override that already covers this time is returned instead, so a retry makes no second one.
        Raise Rejected `no_such_user` if PagerDuty has no user with this e-mail.
        """
        user = self._known_user(email)
        path = f"/schedules/{schedule}/overrides"
        window = {"since": _mark(start), "until": _mark(end)}
        made = each(ScheduleEntry, _part(self._call("GET", path, params=window), "overrides"))
        if found := next((it for it in made if _covers(it, user, start, end)), None):
            return self._turn(schedule, found)
        wanted = {"start": _mark(start), "end": _mark(end), "user": _reference("user", user.id)}
        return self._turn(schedule, _overridden(self._call("POST", path, body={"overrides": [wanted]})))

    def _turn(self, schedule: str, entry: ScheduleEntry) -> Turn:
        user = self._emails.of(entry.user.id) or entry.user
        return Turn(
            schedule=schedule,
            user=entry.user.id,
            name=user.called,
            email=user.email,
            start=entry.start,
            end=entry.end,
        )

    # --- the whole account

    def services(self) -> Sequence[ServiceEntry]:
        return [*each(ServiceEntry, self._all("/services", "services", {}))]

    def policies(self) -> Sequence[PolicyEntry]:
        return [*each(PolicyEntry, self._all("/escalation_policies", "escalation_policies", {}))]

    def users(self) -> Sequence[User]:
        return [*each(User, self._all("/users", "users", {}))]

    def owner(self) -> User | None:
        """Return the token's user; None if the token belongs to the whole account."""
        try:
            return read(User, _part(self._call("GET", "/users/me"), "user"))
        except Rejected as rejected:
            if rejected.code == "unauthorized":
                raise
            return None

    # --- health

    def results(
        self,
        *,
        services: Collection[str],
        policies: Collection[str],
        schedules: Collection[str],
        users: Collection[str] = (),
        emails: Collection[str] = (),
    ) -> Iterator[CheckResult]:
        """Check the token, the From address and each id and e-mail in the configuration.

        Each failed result says how to fix it.
        """
        try:
            sender = self._user(self._from)
        except (Unreachable, Throttled, Rejected) as trouble:
            yield CheckResult(what="PagerDuty token", well=False, cure=_cure(trouble))
            return
        yield CheckResult(what="PagerDuty token", well=True)
        yield CheckResult(
            what=f"PagerDuty user {self._from}",
            well=sender is not None,
            cure="" if sender else "Set pagerduty.from in config.yaml to the e-mail of a PagerDuty user.",
        )
        yield from self._presences("service", "services", services)
        yield from self._presences("escalation policy", "escalation_policies", policies)
        yield from self._presences("schedule", "schedules", schedules)
        yield from self._presences("user", "users", users)
        yield from (self._account(email) for email in sorted(emails))

    def _account(self, email: str) -> CheckResult:
        what = f"PagerDuty user {email}"
        try:
            found = self._user(email)
        except (Unreachable, Throttled, Rejected) as trouble:
            return CheckResult(what=what, well=False, cure=_cure(trouble))
        cure = "" if found else "Set this e-mail in people: of config.yaml to that of a PagerDuty user."
        return CheckResult(what=what, well=found is not None, cure=cure)

    def _presences(self, what: str, path: str, idents: Collection[str]) -> Iterator[CheckResult]:
        for ident in sorted(idents):
            try:
                self._call("GET", f"/{path}/{ident}")
            except (Unreachable, Throttled, Rejected) as trouble:
                missing = isinstance(trouble, Rejected) and trouble.code == "not_found"
                cure = f"Take the id from the end of the {what}'s address in PagerDuty."
                found = CheckResult(
                    what=f"PagerDuty {what} {ident}", well=False, cure=cure if missing else _cure(trouble)
                )
            else:
                found = CheckResult(what=f"PagerDuty {what} {ident}", well=True)
            yield found

    # --- requests

    def _page(self, *, key: str, title: str, details: str, service: str, whom: JSON) -> Ringing:
        incident = {
            "type": "incident",
            "title": " ".join(plain(title).split())[:LONGEST_TITLE],
            "service": _reference("service", service),
            "urgency": "high",
            "incident_key": key,
            "body": {"type": "incident_body", "details": plain(details)},
            **whom,
        }
        return _answered(self._call("POST", "/incidents", body={"incident": incident}))

    def _answer(self, pagerduty_id: str, status: str, *, sender: str) -> Ringing:
        body = {"incident": {"type": "incident_reference", "status": status}}
        return _answered(self._call("PUT", f"/incidents/{pagerduty_id}", body=body, sender=sender))

    def _known_user(self, email: str) -> User:
        user = self._user(email)
        if user is None:
            raise Rejected("no_such_user", f"PagerDuty has no user with the e-mail {email}.")
        return user

    def _user(self, email: str) -> User | None:
        """Return the user with exactly this e-mail: PagerDuty's `query` also returns similar ones."""
        users = each(User, self._all("/users", "users", {"query": email}))
        return next((user for user in users if (user.email or "").casefold() == email.casefold()), None)

    def _all(self, path: str, kind: str, wanted: JSON) -> Iterator[Any]:
        offset, more = 0, True
        while more:
            page = self._call("GET", path, params={**wanted, "limit": 100, "offset": offset})
            found = _part(page, kind) or ()
            yield from found
            offset += len(found)
            more = bool(page.get("more") and found)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: JSON | None = None,
        body: JSON | None = None,
        sender: str = "",
    ) -> Any:
        headers = {"From": sender} if sender else {}
        try:
            response = self._session.request(method, path, params=params, json=body, headers=headers)
        except PDClientError as trouble:
            raise Unreachable(f"PagerDuty did not answer: {reason(trouble)}") from trouble
        try:
            return json.loads(storable_json(response.text))
        except ValueError as odd:
            raise Unreachable("PagerDuty's answer is not JSON: is something in between?") from odd


class _Session(APISession):  # type: ignore[misc]  # pdpyras has no types
    """pdpyras without retries: each call is one request, and errors are raised as port errors."""

    max_network_attempts = 0

    def __init__(
        self, token: str, *, from_email: str, url: str, timeout: timedelta, clock: ServerClock
    ) -> None:
        super().__init__(token, default_from=from_email)
        self._clock = clock
        self.url = url.rstrip("/")
        self.timeout = (min(CONNECTING, timeout).total_seconds(), timeout.total_seconds())
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=CONNECTIONS))
        self.cookies.set_policy(
            DefaultCookiePolicy(allowed_domains=[])
        )  # threads share this cookie jar, so it must stay empty

    def postprocess(self, response: Response, suffix: str | None = None) -> None:  # noqa: ARG002  pdpyras's
        """Replace pdpyras's own retries and statistics: raise each error answer as a port error."""
        self._clock.hear(response.headers)
        if not response.ok:
            raise _failure(response)


# --- errors -----------------------------------------------------------------------------------------------


def _failure(response: Response) -> Unreachable | Throttled | Rejected:
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("PagerDuty asks for patience", retry_after=_patience(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unreachable(f"PagerDuty answered {status} {response.reason}")
    return _rejection(response)


def _rejection(response: Response) -> Rejected:
    status = response.status_code
    code, message, details = _complaint(response)
    if code == _DUPLICATE or "matching dedup key" in message:
        return Rejected("duplicate", "PagerDuty is paging under this key already.")
    if code == _UNKNOWN_REQUESTER or "Requester User Not Found" in message:
        cure = "pagerduty.from in config.yaml must be the e-mail of a PagerDuty user."
        return Rejected("unknown_requester", f"PagerDuty does not know who asks: {cure}")
    if code == _ALREADY_RESOLVED:
        return Rejected("already_resolved", "This page is resolved already.")
    if status in _CURES:
        return Rejected(*_CURES[status])
    return Rejected(str(code or status), f"PagerDuty refused: {'; '.join([message, *details])}")


def _complaint(response: Response) -> tuple[int | None, str, Sequence[str]]:
    """Read PagerDuty's {"error": {"code", "message", "errors"}}; some errors are only a sentence."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return None, response.reason or "", ()
    if not isinstance(error, dict):
        return None, str(error), ()
    details = error.get("errors") or ()
    listed = [str(each) for each in details] if isinstance(details, list) else [str(details)]
    return error.get("code"), str(error.get("message", "")), listed if details else ()


def _patience(response: Response) -> timedelta:
    for name in ("ratelimit-reset", "retry-after"):
        seconds = response.headers.get(name, "")
        if seconds.isdigit():
            return timedelta(seconds=max(1, int(seconds)))
    return timedelta(seconds=15)


def _cure(trouble: Exception) -> str:
    if isinstance(trouble, Unreachable):
        return f"{trouble}. Is PAGERDUTY_API_URL right, and the network open?"
    return str(trouble)


# --- PagerDuty's JSON -------------------------------------------------------------------------------------


def _reference(kind: str, ident: str) -> JSON:
    return {"id": ident, "type": f"{kind}_reference"}


def _part(said: Any, name: str) -> Any:
    """Return a part of an answer. Raise Unreachable if it is missing: a proxy may have answered instead."""
    if not isinstance(said, dict) or name not in said:
        raise Unreachable(f"PagerDuty's answer has no {name}: is something in between?")
    return said[name]


def _answered(said: Any) -> Ringing:
    if found := read(IncidentBody, _part(said, "incident")):
        return _ringing(found)
    raise Unreachable("PagerDuty's answer is not as PagerDuty describes it")


def _ringing(incident: IncidentBody) -> Ringing:
    last = next(reversed([*each(Acknowledgement, incident.acknowledgements)]), None)
    acknowledged = last if incident.status == "acknowledged" else None
    who = acknowledged.acknowledger if acknowledged else incident.last_status_change_by
    return Ringing(
        id=incident.id,
        url=incident.html_url or "",
        status=incident.status,
        key=incident.incident_key,
        who=who.called if who and incident.status != "triggered" else None,
        user=who.id if who and who.is_person and incident.status != "triggered" else None,
        at=(acknowledged.at if acknowledged else None) or incident.last_status_change_at,
        assigned=incident.assigned,
        merged_into=incident.goes_on_as.id if incident.goes_on_as else None,
        merged_url=incident.goes_on_as.html_url if incident.goes_on_as else None,
    )


def _on_call(on_call: OnCallEntry, *, phone: str | None) -> OnCallShift:
    return OnCallShift(
        policy=on_call.escalation_policy.id,
        level=on_call.escalation_level,
        name=on_call.user.called,
        email=on_call.user.email,
        phone=phone,
        start=on_call.start,
        end=on_call.end,
        user=on_call.user.id,
    )


def _covers(entry: ScheduleEntry, user: User, start: datetime, end: datetime) -> bool:
    return entry.user.id == user.id and entry.start <= start and entry.end >= end


def _overridden(outcomes: Any) -> ScheduleEntry:
    """Return the override that was made; raise Rejected if none was."""
    outcome = outcomes[0] if isinstance(outcomes, list) and outcomes else outcomes
    if _part(outcome, "status") != HTTPStatus.CREATED:
        why = "; ".join(str(it) for it in outcome.get("errors") or ())
        raise Rejected("no_override", f"PagerDuty made no override: {why or outcome['status']}")
    if made := read(ScheduleEntry, _part(outcome, "override")):
        return made
    raise Unreachable("PagerDuty's answer is not as PagerDuty describes it")


def _mark(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# --- phone numbers and addresses ------------------------------------------------------------------------


class _PhoneBook:
    """Phone numbers by user id, cached for a day: PagerDuty needs one request for each person.

    A failed request is not an error: the old number stays, and the next sync asks again.
    """

    def __init__(self, call: Callable[[str, str], Any], monotonic: Callable[[], float]) -> None:
        self._call = call
        self._monotonic = monotonic
        self._known: dict[str, tuple[str | None, float]] = {}

    def of(self, users: Collection[str]) -> Mapping[str, str | None]:
        stale = [user for user in users if not self._is_fresh(user)]
        if stale:
            with ThreadPoolExecutor(max_workers=min(8, len(stale)), thread_name_prefix="phone-book") as pool:
                list(pool.map(self._ask, stale))
        return {user: self._known[user][0] for user in users if user in self._known}

    def _is_fresh(self, user: str) -> bool:
        return user in self._known and self._monotonic() < self._known[user][1]

    def _ask(self, user: str) -> None:
        try:
            methods = _part(self._call("GET", f"/users/{user}/contact_methods"), "contact_methods")
        except (Unreachable, Throttled, Rejected):
            return
        self._known[user] = (
            _phone([*each(ContactMethod, methods)]),
            self._monotonic() + _NUMBERS_KEPT.total_seconds(),
        )


class _AddressBook:
    """Users by id, cached for a day. A deleted or hidden user is None."""

    def __init__(self, call: Callable[[str, str], Any], monotonic: Callable[[], float]) -> None:
        self._call = call
        self._monotonic = monotonic
        self._known: dict[str, tuple[User | None, float]] = {}

    def of(self, user: str) -> User | None:
        if user not in self._known or self._monotonic() >= self._known[user][1]:
            self._known[user] = (self._ask(user), self._monotonic() + _NUMBERS_KEPT.total_seconds())
        return self._known[user][0]

    def _ask(self, user: str) -> User | None:
        try:
            return read(User, _part(self._call("GET", f"/users/{user}"), "user"))
        except Rejected:
            return None


def _phone(methods: Sequence[ContactMethod]) -> str | None:
    for kind in ("phone_contact_method", "sms_contact_method"):
        for method in methods:
            if method.type == kind and not method.blacklisted:
                return f"+{method.country_code or 1}{method.address}"
    return None
