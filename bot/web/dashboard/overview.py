"""The overview: what is open, who is on call, and what was lately; or what a search finds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.incident.incident import Incident
from bot.domain.incident.search import ALL, OPEN, OVER, Search
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.domain.subject import is_person
from bot.domain.text import shortened
from bot.services.directory import Directory
from bot.services.incident.incidents import Incidents
from bot.services.oncall.oncall import OnCall
from bot.services.transaction import Transaction
from bot.web.dashboard import PageReply, PageRequest, page

AT_ONCE = 30
"""Open incidents on one page."""
LAST = 10
"""Past incidents beside them."""
FOUND = 20
MEANT = 5
"""How many people of one name a search takes."""
PHASES = {"all": ALL, "open": OPEN, "past": OVER}
FIELDS = ("words", "service", "person", "severity", "since", "until", "which")


@page("/", menu="Overview")
def overview(ask: PageRequest, *, incidents: Incidents, directory: Directory, tx: Transaction) -> PageReply:
    """Show open incidents and what is around them. With words in the query, show what a search finds."""
    asked = {name: ask.query.get(name, "").strip() for name in FIELDS}
    facts = {"asked": asked, "services": list(tx.policy.services)}
    if any(asked.values()):
        try:
            wanted = _search(asked, ask, directory, tx.policy)
        except Refusal as refusal:
            return PageReply("web/search", {**facts, "found": None, "why": refusal.sentence})
        return PageReply(
            "web/search",
            {**facts, "found": incidents.listed(wanted, page_number(ask.query), size=FOUND), "why": ""},
        )
    return PageReply("web/overview", {**facts, **shown_to(ask.viewer.id, ask.query, tx)})


def shown_to(person: str, query: Mapping[str, str], tx: Transaction) -> Mapping[str, Any]:
    """Return what is live on an overview. Its `state` differs if anything but the time does."""
    incidents = Incidents(tx)
    found = incidents.listed(Search(seen_by=person), page_number(query), size=AT_ONCE)
    past = incidents.latest(Search(seen_by=person, phases=OVER), limit=LAST)
    on_call = OnCall(tx).of()
    lines = [[(it.number, it.entries, it.phase) for it in some] for some in (found.items, past)]
    on_calls = [(it.team.key, it.on_calls) for it in on_call.teams]
    state = (lines, found.count, found.number, on_calls, on_call.synced_at, on_call.trouble)
    return {
        "found": found,
        "open": _gravest_first(found.items, tx.policy),
        "past": past,
        "on_call": on_call,
        "state": sha256(repr(state).encode()).hexdigest()[:16],
    }


def _gravest_first(incidents: Sequence[Incident], policy: Policy) -> list[Incident]:
    order = {key: place for place, key in enumerate(policy.severities)}
    return sorted(incidents, key=lambda it: (order.get(it.severity or "", len(order)), -it.number))


def _search(asked: dict[str, str], ask: PageRequest, directory: Directory, policy: Policy) -> Search:
    since, until = (_midnight(asked[it], ask.viewer.zone) for it in ("since", "until"))
    return Search(
        seen_by=ask.viewer.id,
        phases=PHASES.get(asked["which"], ALL),
        words=tuple(asked["words"].split()),
        service=policy.service(asked["service"]).key if asked["service"] else None,
        people=_people(asked["person"], directory) if asked["person"] else (),
        severity=policy.severity(asked["severity"]).key if asked["severity"] else None,
        since=since,
        until=until + timedelta(days=1) if until else None,
    )


def _people(name: str, directory: Directory) -> tuple[str, ...]:
    bare = name.removeprefix("@")
    found = directory.all_called(bare, limit=MEANT)
    if not found and is_person(bare) and bare.isalnum():
        return (bare,)
    if not found:
        raise Refusal(f"I don't know {shortened(name)}. Write the name as it is in Slack.")
    return tuple(found)


def _midnight(day: str, zone: str) -> datetime | None:
    """Return the beginning of a day in the reader's zone, in UTC."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(f"{shortened(day)} is no day. Write it as 2026-11-30.") from None


def page_number(query: Mapping[str, str]) -> int | None:
    """Return which page of a list is asked for; None if that can't be read."""
    text = query.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None  # noqa: PLR2004  no page so far
