"""Phone numbers and e-mails of PagerDuty's users, cached for a day."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.pagerduty.answers import part
from bot.adapters.pagerduty.reading import ContactMethod, User, each, read
from bot.domain.oncall.shift import Turn
from bot.ports import Rejected, Throttled, Unreachable

_NUMBERS_KEPT = timedelta(days=1)


class PhoneBook:
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
            methods = part(self._call("GET", f"/users/{user}/contact_methods"), "contact_methods")
        except (Unreachable, Throttled, Rejected):
            return
        self._known[user] = (
            _phone([*each(ContactMethod, methods)]),
            self._monotonic() + _NUMBERS_KEPT.total_seconds(),
        )


class AddressBook:
    """Users by id, cached for a day. A deleted or hidden user is None."""

    def __init__(self, call: Callable[[str, str], Any], monotonic: Callable[[], float]) -> None:
        self._call = call
        self._monotonic = monotonic
        self._known: dict[str, tuple[User | None, float]] = {}

    def of(self, user: str) -> User | None:
        if user not in self._known or self._monotonic() >= self._known[user][1]:
            self._known[user] = (self._ask(user), self._monotonic() + _NUMBERS_KEPT.total_seconds())
        return self._known[user][0]

    def turn(self, schedule: str, user: User, start: datetime, end: datetime) -> Turn:
        """Return a person's time on a schedule. `user` is enough if PagerDuty does not tell more of them."""
        known = self.of(user.id) or user
        return Turn(
            schedule=schedule, user=user.id, name=known.called, email=known.email, start=start, end=end
        )

    def _ask(self, user: str) -> User | None:
        try:
            return read(User, part(self._call("GET", f"/users/{user}"), "user"))
        except Rejected:
            return None


def _phone(methods: Sequence[ContactMethod]) -> str | None:
    for kind in ("phone_contact_method", "sms_contact_method"):
        for method in methods:
            if method.type == kind and not method.blacklisted:
                return f"+{method.country_code or 1}{method.address}"
    return None
