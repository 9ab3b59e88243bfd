"""Sample facts for messages about changes and deploy locks, in each state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.changes import events
from bot.domain.changes.change import HAND, TOOL, Change, ChangeWindow
from bot.domain.changes.lock import Lock
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Suspect
from bot.domain.portion import Portion
from bot.services.changes.changes import RecentChanges

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
TYPED = 'the <!channel> is <b>down</b> & "out"'

SUSPECT = Suspect(
    change=12,
    title=TYPED,
    url="https://example.com/12",
    service="checkout",
    happened_at=NOON,
    suspected_at=NOW,
)
SUSPECTS = (SUSPECT, replace(SUSPECT, change=13, url=None, service=None))
ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA", "change": 12, "title": TYPED}
HAPPENED = (
    events.ChangeSuspected(**ABOUT, url="https://example.com", service="checkout", happened_at=NOON),
    events.ChangeSuspected(**ABOUT, url=None, service=None, happened_at=NOON),
    events.ChangeCleared(**ABOUT),
)
LOCK = Lock(number=3, service="checkout", why=TYPED, by="U0ANA", holder="person:U0ANA", since=NOON)
RUNS = replace(LOCK, number=4, by=None, holder="failover:12")
LOCKS = (LOCK, RUNS, *(replace(LOCK, number=number, service=f"orders-{number}") for number in range(5, 30)))
RELEASED = (
    replace(LOCK, released_at=NOW, released_by="U0RAJ"),
    replace(RUNS, released_at=NOW),
    replace(RUNS, released_at=NOW, released_by="U0RAJ"),
)
CHANGE = Change(
    number=12,
    key="k",
    source=TOOL,
    kind="deploy",
    service="checkout",
    title=TYPED * 6,
    url="https://example.com/" + "x" * 480,
    author="WALLE",
    outcome="success",
    happened_at=NOON,
    as_of=NOON,
    heard_at=NOON,
)
BY_HAND = replace(CHANGE, source=HAND, service=None, url=None, author="U0ANA", outcome=None)
RECENT = tuple(
    RecentChanges(
        changes=Portion.of(changes, page, 10), window=ChangeWindow(since=NOON, until=NOW), is_cut=is_cut
    )
    for changes, page, is_cut in (
        ((), 1, False),
        ((CHANGE, BY_HAND) * 8, 2, True),
        ((replace(CHANGE, number=14),), 1, False),
    )
)


def facts(incidents: Sequence[Incident]) -> dict[str, Sequence[Facts]]:
    return {
        "changes/list": [
            {"incident": it, "found": found, "service": service, "minutes": minutes}
            for minutes in (None, 90)
            for it in (*incidents, None)
            for found in RECENT
            for service in ("checkout", None)
        ],
        "changes/recorded": [
            {"change": it, "incident": on} for it in (CHANGE, BY_HAND) for on in (*incidents, None)
        ],
        "changes/suspected": [{"incident": it} for it in incidents],
        "changes/locked": [
            {"lock": it, "announce": announce, "incident": None, "is_withheld": is_withheld}
            for it in (LOCK, *RELEASED)
            for announce in ("C0INC", None)
            for is_withheld in (True, False)
        ],
        "changes/locks": [{"found": Portion.of(them, 1, size)} for them in (LOCKS, ()) for size in (1, 20)],
        "changes/lock": [{"lock": it, "now": NOW} for it in (LOCK, RUNS, *RELEASED)],
        "changes/forgotten": [
            {"lock": it, "now": NOW, "latest": latest}
            for it in (LOCK, replace(RUNS, by="U0ANA"), *RELEASED)
            for latest in (True, False)
        ],
    }
