"""A pager in memory, for tests of what stands on the port; the contract suite holds it to PagerDuty's ways."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.alert.report import AlertReport, AlertState
from bot.domain.changes.change import OTHER, Change
from bot.domain.oncall.ring import RingKind, RingNews
from bot.domain.oncall.shift import Turn
from bot.ports import OnCallShift, Pager, Rejected, Ringing, Unreachable

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
NAMES = {"PSVC1": "imoc", "PSVC2": "payments"}
STATES = {
    "triggered": AlertState.FIRING,
    "acknowledged": AlertState.ACKNOWLEDGED,
    "resolved": AlertState.RESOLVED,
}


TURNS = {"PSCH1": ("raj@example.com", "ana@example.com"), "PSCH2": ("kim@example.com", "ana@example.com")}


def ident(email: str) -> str:
    """Return PagerDuty's id of whoever has this e-mail."""
    return f"PU{PEOPLE[email][0].split()[0].upper()}"


def turn(schedule: str, email: str, start: datetime, end: datetime) -> Turn:
    name = PEOPLE[email][0]
    return Turn(schedule=schedule, user=ident(email), name=name, email=email, start=start, end=end)


def weekly(now: datetime) -> Iterator[tuple[str, list[Turn]]]:
    """Return turns of a week each, from the Monday before; the first named of each is on call now."""
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    monday = morning - timedelta(days=morning.weekday())
    begin = monday if monday <= now else monday - timedelta(weeks=1)
    weeks = [begin + timedelta(weeks=number) for number in range(12)]
    for schedule, people in TURNS.items():
        yield (
            schedule,
            [
                turn(schedule, people[number % 2], week, week + timedelta(weeks=1))
                for number, week in enumerate(weeks)
            ],
        )


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a page was asked with, and when."""

    at: datetime = NOON
    key: str
    title: str
    details: str
    service: str
    gently: bool = False


@dataclass
class FakePager(Pager):
    """PagerDuty's port; put failures in `troubles` to have the next calls raise them."""

    source = "pagerduty"
    own_email: str = "spy@example.com"
    now: datetime = NOON
    pages: dict[str, Ringing] = field(default_factory=dict)
    words: dict[str, Words] = field(default_factory=dict)
    troubles: list[Exception] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    log: list[RingNews] = field(default_factory=list)
    own: list[AlertReport] = field(default_factory=list)
    """Its own incidents, which no Spy made."""
    longest_log: int = 5_000
    asked_for: list[tuple[datetime, datetime]] = field(default_factory=list)
    """The parts of the log that were read."""
    fails_after: int | None = None
    """After so many parts the log does not answer."""
    schedules: dict[str, list[Turn]] = field(default_factory=lambda: dict(weekly(NOON)))
    vacant: set[str] = field(default_factory=set)
    """Schedules on which nobody is on call."""
    shift_based: set[str] = field(default_factory=set)
    """Schedules on which several can be on call at once."""

    # --- the port

    def close(self) -> None:
        """Keep no connection."""

    def page_policy(self, *, key: str, title: str, details: str, service: str, policy: str | None) -> Ringing:
        self._meet_trouble()
        if policy not in (None, *POLICIES):
            raise Rejected("2001", "Invalid Input Provided")
        on_call = [email for _, email in self._on_call(policy or SERVICES.get(service, "PPOL1"))]
        return self._ring(Words(key=key, title=title, details=details, service=service), to=on_call[:1])

    def page_person(
        self, *, key: str, title: str, details: str, service: str, email: str, gently: bool = False
    ) -> Ringing:
        self._meet_trouble()
        _must_be_known(email)
        words = Words(key=key, title=title, details=details, service=service, gently=gently)
        return self._ring(words, to=[email.casefold()])

    def find(self, key: str) -> Ringing | None:
        self._meet_trouble()
        return next((page for page in reversed(self.pages.values()) if page.key == key), None)

    def look(self, pager_id: str) -> Ringing:
        self._meet_trouble()
        if pager_id not in self.pages:
            raise Rejected("not_found", "PagerDuty does not have this.")
        return self.pages[pager_id]

    def answer(self, pager_id: str, status: str, *, email: str | None) -> Ringing:
        page = self.look(pager_id)
        if page.status == "resolved":
            return page
        known = email if email in PEOPLE else None
        self.become(pager_id, status, by=known or self.own_email)
        return replace(self.pages[pager_id], in_own_name=known is None)

    def address(self, user: str) -> str | None:
        self._meet_trouble()
        return next((email for email in PEOPLE if ident(email) == user), None)

    def escalate(self, pager_id: str, level: int) -> Ringing:
        page = self.look(pager_id)
        on_call = dict(self._on_call("PPOL1"))
        email = on_call.get(min(level, len(POLICIES["PPOL1"])))
        name = PEOPLE[email][0] if email else ""
        self.pages[pager_id] = replace(page, status="triggered", assigned=name)
        self._write(pager_id, RingKind.ASSIGNED, *filter(None, [email]))
        return self.pages[pager_id]

    def on_calls(self, policies: Collection[str]) -> Sequence[OnCallShift]:
        self._meet_trouble()
        return [
            OnCallShift(
                policy=policy,
                level=level,
                name=PEOPLE[email][0],
                email=email,
                phone=PEOPLE[email][1],
                user=ident(email),
            )
            for policy in policies
            for level, email in self._on_call(policy)
        ]

    def _on_call(self, policy: str) -> list[tuple[int, str]]:
        schedules = {("PPOL1", 1): "PSCH1", ("PPOL1", 2): "PSCH3", ("PPOL2", 1): "PSCH2"}
        levels = enumerate(POLICIES.get(policy, ()), start=1)
        return [
            (level, email) for level, email in levels if schedules.get((policy, level)) not in self.vacant
        ]

    def changes(self, *, since: datetime, until: datetime) -> Sequence[Change]:
        self._meet_trouble()
        return [it for it in self.told if since <= it.happened_at <= until]

    def rings(self, *, since: datetime, until: datetime) -> Sequence[RingNews]:
        self._meet_trouble()
        if self.fails_after is not None and len(self.asked_for) >= self.fails_after:
            raise Unreachable("PagerDuty did not answer")
        self.asked_for.append((since, until))
        found = [it for it in self.log if since <= it.at <= until]
        if len(found) > self.longest_log:
            raise Rejected("too_many", "PagerDuty has more log entries in this time.")
        return found

    def alerts(self, services: Collection[str], *, since: datetime, until: datetime) -> Sequence[AlertReport]:
        self._meet_trouble()
        found = [it for it in self.own if it.pager_service in services and since <= it.heard_at <= until]
        asked = [
            page for page, it in self.words.items() if it.service in services and since <= it.at <= until
        ]
        others = [it for it in asked if not self.words[it].key.startswith("spy-")]
        return [*found, *(self._report(it, heard_at=until) for it in others)]

    def _report(self, pager_id: str, *, heard_at: datetime) -> AlertReport:
        page, words = self.pages[pager_id], self.words[pager_id]
        return AlertReport(
            key=f"{self.source}:{pager_id}",
            source=self.source,
            title=words.title,
            state=STATES[page.status],
            service=NAMES[words.service],
            pager_service=words.service,
            heard_at=heard_at,
            began_at=words.at,
            firing=words.at,
            as_of=page.at,
            urgency="high",
            url=page.url,
            who=page.who,
            assigned=page.assigned,
            pager_id=pager_id,
        )

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        self._meet_trouble()
        if unknown := set(schedules) - set(self.schedules):
            raise Rejected("not_found", f"PagerDuty does not have {unknown}.")
        return [
            turn
            for schedule in sorted(schedules)
            for turn in self.schedules[schedule]
            if turn.start < until and turn.end > since
        ]

    def override(
        self, schedule: str, *, email: str, start: datetime, end: datetime, instead_of: str | None = None
    ) -> Turn:
        self._meet_trouble()
        _must_be_known(email)
        if schedule not in self.schedules:
            raise Rejected("not_found", f"PagerDuty does not have {schedule}.")
        top, turns = turn(schedule, email.casefold(), start, end), self.schedules[schedule]
        replaced = instead_of if schedule in self.shift_based else None
        others = [it for it in turns if replaced not in {None, it.user} and it != top]
        theirs = [it for it in turns if it not in others and it != top]
        self.schedules[schedule] = sorted([*others, *_laid_over(theirs, top)], key=lambda it: it.start)
        return top

    # --- what people do

    def become(self, pager_id: str, status: str, *, by: str) -> None:
        """Let the person with this e-mail acknowledge or resolve a page."""
        page = self.pages[pager_id]
        assigned = "" if status == "resolved" else page.assigned
        self.pages[pager_id] = replace(
            page, status=status, who=PEOPLE[by][0], user=ident(by), at=self.now, assigned=assigned
        )
        answered_by = [by] if status == "acknowledged" else []
        self._write(pager_id, RingKind(status), *answered_by)

    def alert(self, title: str, service: str) -> str:
        """Open an incident as a monitoring tool does, and return its id."""
        first = [email for _, email in self._on_call(SERVICES[service])][:1]
        key = f"{len(self.pages):032x}"
        return self._ring(Words(at=self.now, key=key, title=title, details="", service=service), to=first).id

    def change(self, summary: str, service: str) -> None:
        """Report a change as a build tool does."""
        self.told.append(
            Change(
                key=f"{self.source}:{len(self.told)}",
                source=self.source,
                kind=OTHER,
                service=service,
                title=summary,
                happened_at=self.now,
                as_of=self.now,
                heard_at=self.now,
            )
        )

    def merge(self, pager_id: str, into: str) -> None:
        """Let another page go on in its place."""
        url = self.pages[into].url
        self.become(pager_id, "resolved", by="kim@example.com")
        self.pages[pager_id] = replace(self.pages[pager_id], merged_into=into, merged_url=url)

    def vacate(self, schedule: str) -> None:
        """Let nobody be on call on a schedule."""
        self.vacant.add(schedule)

    def joins(self, schedule: str, email: str, start: datetime, end: datetime) -> None:
        """Put somebody on call beside whoever is. The schedule becomes shift-based."""
        self.shift_based.add(schedule)
        turns = [*self.schedules[schedule], turn(schedule, email, start, end)]
        self.schedules[schedule] = sorted(turns, key=lambda it: it.start)

    def _ring(self, words: Words, *, to: Sequence[str]) -> Ringing:
        if words.service not in SERVICES:
            raise Rejected("2001", "Invalid Input Provided")
        if any(page.key == words.key and page.status != "resolved" for page in self.pages.values()):
            raise Rejected("duplicate", "PagerDuty is paging under this key already.")
        number = f"Q{len(self.pages) + 1:013d}"
        url = f"https://acme.pagerduty.com/incidents/{number}"
        page = Ringing(
            id=number,
            url=url,
            status="triggered",
            key=words.key,
            at=self.now,
            assigned=", ".join(PEOPLE[it][0] for it in to),
        )
        self.pages[number], self.words[number] = page, words
        self._write(number, RingKind.ASSIGNED, *to)
        return page

    def _write(self, incident: str, kind: RingKind, *emails: str) -> None:
        users = tuple(map(ident, emails))
        self.log.append(RingNews(incident=incident, kind=kind, at=self.now, users=users))

    def _meet_trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)


def _must_be_known(email: str) -> None:
    if email.casefold() not in PEOPLE:
        raise Rejected("no_such_user", f"PagerDuty has no user with the e-mail {email}.")


def _laid_over(turns: Sequence[Turn], top: Turn) -> list[Turn]:
    left = [replace(it, end=min(it.end, top.start)) for it in turns if it.start < top.start]
    right = [replace(it, start=max(it.start, top.end)) for it in turns if it.end > top.end]
    return sorted([*left, top, *right], key=lambda it: it.start)
