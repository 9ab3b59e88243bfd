"""A pager in memory, for tests of what stands on the port; the contract suite holds it to PagerDuty's ways."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.ports import Duty, Rejected, Ringing

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

PEOPLE = {
    "ana@example.com": ("Ana Lima", "+15550100"),
    "raj@example.com": ("Raj Patel", "+15550101"),
    "kim@example.com": ("Kim Park", "+15550102"),
    "spy@example.com": ("Spy", "+15550199"),
}
POLICIES = {
    "PPOL1": ("raj@example.com", "ana@example.com"),
    "PPOL2": ("kim@example.com", "raj@example.com"),
}
SERVICES = {"PSVC1": "PPOL1", "PSVC2": "PPOL2"}


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a page was asked with."""

    key: str
    title: str
    details: str
    service: str


@dataclass
class FakePager:
    """PagerDuty's port; put failures in `troubles` to have the next calls raise them."""

    own_email: str = "spy@example.com"
    now: datetime = NOON
    pages: dict[str, Ringing] = field(default_factory=dict)
    words: dict[str, Words] = field(default_factory=dict)
    troubles: list[Exception] = field(default_factory=list)

    # --- the port

    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        self._meet_trouble()
        if policy not in (None, *POLICIES):
            raise Rejected("2001", "Invalid Input Provided")
        first = POLICIES[policy or SERVICES.get(service, "PPOL1")][0]
        return self._ring(Words(key=key, title=title, details=details, service=service), to=first)

    def page_person(self, *, key: str, title: str, details: str, service: str, email: str) -> Ringing:
        self._meet_trouble()
        if email.casefold() not in PEOPLE:
            raise Rejected("no_such_user", f"PagerDuty has no user with the e-mail {email}.")
        words = Words(key=key, title=title, details=details, service=service)
        return self._ring(words, to=email.casefold())

    def find(self, key: str) -> Ringing | None:
        self._meet_trouble()
        return next((page for page in reversed(self.pages.values()) if page.key == key), None)

    def look(self, pagerduty_id: str) -> Ringing:
        self._meet_trouble()
        if pagerduty_id not in self.pages:
            raise Rejected("not_found", "PagerDuty does not have this.")
        return self.pages[pagerduty_id]

    def answer(self, pagerduty_id: str, status: str, *, email: str | None) -> Ringing:
        page = self.look(pagerduty_id)
        if page.status != "resolved":
            known = email if email in PEOPLE else self.own_email
            self.become(pagerduty_id, status, by=known or "")
        return self.pages[pagerduty_id]

    def duties(self, policies: Collection[str]) -> Sequence[Duty]:
        self._meet_trouble()
        return [
            Duty(policy=policy, level=level, name=PEOPLE[email][0], email=email, phone=PEOPLE[email][1])
            for policy in policies
            for level, email in enumerate(POLICIES.get(policy, ()), start=1)
        ]

    # --- what people do

    def become(self, pagerduty_id: str, status: str, *, by: str) -> None:
        """Let the person with this e-mail acknowledge or resolve a page."""
        page = self.pages[pagerduty_id]
        assigned = None if status == "resolved" else page.assigned
        self.pages[pagerduty_id] = replace(
            page, status=status, who=PEOPLE[by][0], at=self.now, assigned=assigned
        )

    def _ring(self, words: Words, *, to: str) -> Ringing:
        if words.service not in SERVICES:
            raise Rejected("2001", "Invalid Input Provided")
        if any(page.key == words.key and page.status != "resolved" for page in self.pages.values()):
            raise Rejected("duplicate", "PagerDuty is paging under this key already.")
        ident = f"Q{len(self.pages) + 1:013d}"
        url = f"https://acme.pagerduty.com/incidents/{ident}"
        page = Ringing(
            id=ident, url=url, status="triggered", key=words.key, at=self.now, assigned=PEOPLE[to][0]
        )
        self.pages[ident], self.words[ident] = page, words
        return page

    def _meet_trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
