"""Sample facts about incidents that are one, or resemble one another."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from bot.app.samples.world import ABOUT, FULL, NEW, NOON, NOW, OVER, TYPED, Facts
from bot.domain.event import Event
from bot.domain.incident import events, merging
from bot.domain.incident.incident import Incident
from bot.domain.incident.likeness import Likeness
from bot.services.incident.alikes import Alike
from bot.services.incident.similar import Similar

MERGED = FULL.after(merging.MergedInto(**ABOUT, into=7))
TARGET = replace(NEW, number=7, channel="C0INC7", severity="sev2")
UNLED = replace(TARGET, channel=None, severity=None, commander=None)
COMMON = (
    Likeness(
        services=("checkout", "cart"), changes=(3,), runbooks=("restart-db",), words=("checkout", "pay")
    ),
    Likeness(words=("checkout",)),
)
POSTED = events.UpdatePosted(**ABOUT, message=TYPED, next_due=NOON)
BACKFILLED: Facts = {
    "by": "U0ANA",
    "channel": "C0ROOM",
    "added": 34,
    "known": 0,
    "threads": 0,
    "first": NOON.isoformat(),
    "last": NOW.isoformat(),
    "left_before": None,
    "why": None,
}
HAPPENED: tuple[Event, ...] = (
    merging.MergedInto(**ABOUT, into=7),
    merging.MergedFrom(**ABOUT, other=42, name=TYPED, channel="C0ROOM", severity="sev1"),
    merging.MergedFrom(**ABOUT, other=42, name=TYPED),
    merging.TakenOut(**ABOUT, other=42),
    merging.MergedLine(**ABOUT, other=42, original={**asdict(POSTED), "template": "events/update_posted"}),
)


def _alike(incident: Incident, *, can_merge: bool) -> list[Alike]:
    return [
        Alike(incident=it, common=common, can_merge=can_merge)
        for it, common in zip((incident, UNLED), COMMON, strict=True)
    ]


CASES: dict[str, Sequence[Facts]] = {
    "incident/merged": [
        {"incident": it, "into": into}
        for it in (MERGED, replace(MERGED, drill=True), FULL)
        for into in (TARGET, UNLED, None)
    ],
    "incident/merge_done": [
        {"incident": it, "into": into}
        for it in (MERGED, replace(MERGED, drill=True))
        for into in (TARGET, UNLED)
    ],
    "incident/similar": [
        {"incident": it, "found": found, "now": NOW}
        for it in (FULL, replace(FULL, drill=True))
        for found in (
            [],
            [
                Similar(incident=past, common=common)
                for past in (OVER, replace(OVER, cause=None))
                for common in COMMON
            ],
        )
    ],
    "incident/recorded": [
        {"incident": it, "due": due} for it in (OVER, replace(OVER, drill=True)) for due in (NOON, None)
    ],
    "incident/backfilling": [
        {"incident": it, "channel": "C0ROOM", "since": NOON, "until": NOW}
        for it in (OVER, replace(OVER, drill=True))
    ],
    "incident/backfilled": [
        {**BACKFILLED, "incident": it, **more}
        for it in (OVER, replace(OVER, drill=True))
        for more in (
            {},
            {"added": 1, "known": 2, "threads": 1},
            {"threads": 3, "left_before": NOON.isoformat()},
            {"added": 0, "known": 0, "first": None, "last": None},
            {"added": 0, "known": 4, "first": None, "last": None},
            {"why": TYPED},
            {"why": TYPED, "added": 0},
        )
    ],
    "incident/pointer": [
        {"incident": MERGED, "into": into, "channel": channel}
        for into, channel in (("INC-7", "C0INC7"), ("INC-7", None), (None, None))
    ],
    "incident/alike": [
        {"incident": replace(FULL, drill=it.drill), "alike": _alike(it, can_merge=can_merge), "now": NOW}
        for it in (TARGET, replace(TARGET, name=TYPED), replace(TARGET, drill=True))
        for can_merge in (True, False)
    ]
    + [{"incident": it, "alike": [], "now": NOW} for it in (FULL, MERGED)],
}
