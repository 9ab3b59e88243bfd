"""Sample facts for messages after an incident, in each state."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.event import Event
from bot.domain.incident import events as incident_events
from bot.domain.incident.incident import Incident
from bot.domain.oncall.shift import SentReminder
from bot.domain.paging.page import Page
from bot.domain.portion import Portion
from bot.domain.postmortem import events
from bot.domain.postmortem.claims.check import Finding
from bot.domain.postmortem.claims.facts import Between, Fact, FactKind
from bot.domain.postmortem.claims.statement import Statement
from bot.domain.postmortem.follow_up import Category, Filed, FollowUp
from bot.domain.postmortem.postmortem import PARTS, Postmortem
from bot.domain.postmortem.statistics import Update, clocks
from bot.services.postmortem.claims import Contradiction

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
HALF_HOUR = timedelta(minutes=30)
TYPED = 'the <!channel> is <b>down</b> & "out"'
ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA"}
HAPPENED: tuple[Event, ...] = (
    events.FollowUpAdded(**ABOUT, follow_up=7, what=TYPED),
    events.FollowUpAdded(
        **ABOUT, follow_up=7, what=TYPED, category="detection", owner="U0RAJ", due=date(2026, 12, 1)
    ),
    events.FollowUpDone(**ABOUT, follow_up=7, what=TYPED),
    events.FollowUpDone(at=NOON, follow_up=7, what=TYPED, who="raj-p", why="not_planned"),
    events.FollowUpDone(at=NOON, follow_up=7, what=TYPED),
    events.FollowUpReopened(**ABOUT, follow_up=7, what=TYPED),
    events.FollowUpReopened(at=NOON, follow_up=7, what=TYPED, who="raj-p"),
    events.FollowUpChanged(**ABOUT, follow_up=7, what=TYPED),
    events.FollowUpChanged(
        **ABOUT, follow_up=7, what=TYPED, category="recovery", owner="U0RAJ", due=date(2026, 12, 1)
    ),
    events.NothingNeeded(**ABOUT, category="detection", because=TYPED),
    events.PartWritten(**ABOUT, part="lucky", words=TYPED),
    events.PostmortemPlanned(**ABOUT, owner="U0RAJ", due=NOW),
    events.PostmortemPlanned(**ABOUT, owner=None, due=None),
    events.PostmortemExported(
        at=NOON, repository="acme/postmortems", number=9, url="https://example.com/issues/9"
    ),
    events.ReviewClosed(**ABOUT),
    incident_events.ImageShared(
        **ABOUT, name=TYPED, url="https://example.com/p.png", message="1.0", words=TYPED
    ),
    incident_events.ImageShared(**ABOUT, name="graph", url="https://example.com/p.png", message="1.0"),
)
FILED = Filed(repository="acme/postmortems", number=9, url="https://example.com/issues/9")
FOLLOW_UP = FollowUp(number=7, incident=42, what=TYPED, added_by="U0ANA", added_at=NOON)
FOLLOW_UPS = (
    FOLLOW_UP,
    replace(FOLLOW_UP, category=Category.DETECTION, trouble=TYPED),
    replace(FOLLOW_UP, category=Category.DETECTION, owner="U0RAJ"),
    replace(FOLLOW_UP, category=Category.RECOVERY, owner="U0RAJ", due=date(2026, 12, 1), filed=FILED),
    replace(FOLLOW_UP, category=Category.RECOVERY, owner="U0RAJ", due=date(2026, 11, 1)),
    replace(FOLLOW_UP, done_at=NOW, done_by="U0RAJ", why="not_planned"),
    replace(FOLLOW_UP, done_at=NOW, done_by="U0RAJ"),
)
POSTMORTEMS = (
    Postmortem(incident=42),
    Postmortem(
        incident=42,
        parts={"summary": TYPED},
        filed=FILED,
        exported_at=NOW,
        edited_by_people=("surprised", "public"),
        nothing={"prevention": TYPED},
        copied="https://example.com/pull/3",
    ),
    Postmortem(incident=42, filed=FILED, exported_at=NOW, closed_at=NOW, closed_by="U0ANA"),
)
FACTS = tuple(
    Fact(
        kind=kind,
        at=NOON,
        who=who,
        whom=frozenset({"U0RAJ"}),
        team=team,
        severity="sev1",
        until=NOW if kind is FactKind.LED else None,
        permalink=link,
    )
    for kind in FactKind
    for who, team, link in (
        (frozenset({"U0ANA"}), "", "https://example.com/p1"),
        (frozenset({"U0ANA", "U0RAJ"}), "imoc", None),
    )
)
CONTRADICTIONS = [
    Contradiction(
        statement=Statement(sentence=TYPED, place="lucky", is_on_issue=not n % 2),
        finding=Finding(
            sentence=TYPED, facts=(it,) if n % 3 else (), spans=() if n % 3 else (Between(start=it, end=it),)
        ),
    )
    for n, it in enumerate(FACTS)
]
SORTED = [
    ("detection", list(FOLLOW_UPS[1:3])),
    ("recovery", []),
    ("prevention", []),
    ("no category yet", [FOLLOW_UP]),
]


def of_postmortems(incidents: Sequence[Incident], pages: Sequence[Page]) -> list[Facts]:
    """Return every incident with a postmortem at each stage."""
    return [
        {
            "incident": incident,
            "postmortem": postmortem,
            "owner": "U0ANA",
            "due": due,
            "missing": lacks,
            "follow_ups": SORTED,
            "repository": "acme/postmortems" if due else None,
            "now": NOW,
            "clocks": clocks(incident, (), now=NOW),
            "lasted": incident.lasted(NOW),
            "updates": [Update(at=NOW, promised=NOON), Update(at=NOON, promised=None)],
            "pages": pages,
            "lines": 12,
            "said": sent,
        }
        for incident in incidents
        for postmortem, (due, lacks, sent) in zip(
            POSTMORTEMS,
            (
                (NOW + HALF_HOUR, ["impact", *PARTS, "detection", "an owner of follow-up 7"], None),
                (NOON, [], SentReminder(at=NOW, late=True)),
                (None, ["summary"], SentReminder(at=NOW)),
            ),
            strict=True,
        )
    ]


def facts(
    incidents: Sequence[Incident], over: Incident, full: Incident, pages: Sequence[Page]
) -> dict[str, Sequence[Facts]]:
    """Return the templates' facts."""
    all_of_them = of_postmortems(incidents, pages)
    short: list[Facts] = [{"incident": incident} for incident in incidents]
    return {
        "incident/stopped": [
            {"incident": over, "pages": pages, "due": due} for pages in ([], pages) for due in (NOW, None)
        ],
        "postmortem/preview": all_of_them,
        "postmortem/draft": [
            {**it, "document": document} for it in short for document in ("# It\n", "<b> ```\n" * 1500)
        ],
        "postmortem/exporting": [
            {**it, "postmortem": postmortem, "repository": "acme/postmortems"}
            for it in short
            for postmortem in POSTMORTEMS
        ],
        "postmortem/exported": [
            {**it, "postmortem": postmortem, "without": without}
            for it in short
            for postmortem in POSTMORTEMS[1:]
            for without in ((), ("the milestone x", "the assignee y"))
        ],
        "postmortem/written": [
            {**it, "part": part, "what": PARTS, "before_by": by}
            for it in short[:1]
            for part in PARTS
            for by in (None, "U0ZOE")
        ],
        "postmortem/checked": [
            {**it, "postmortem": postmortem, "found": found, "now": NOW}
            for it in short[:2]
            for postmortem in (*POSTMORTEMS, replace(POSTMORTEMS[1], read_at=NOW))
            for found in ((), CONTRADICTIONS[:1], CONTRADICTIONS)
        ],
        "postmortem/nothing": [{**it, "category": "detection"} for it in short],
        "postmortem/planned": [{**it, "owner": "U0ANA", "due": due} for it in short for due in (NOW, None)],
        "postmortem/closed": short,
        "postmortem/follow_up_added": [{**it, "follow_up": one} for it in short[:2] for one in FOLLOW_UPS],
        "postmortem/follow_up_changed": [{"follow_up": one} for one in FOLLOW_UPS],
        "postmortem/follow_ups": [
            {"incident": on, "found": Portion.of(them, 1, size), "overdue": overdue}
            for on, overdue in ((full, frozenset[int]()), (None, {FOLLOW_UP.number}))
            for them in ((), FOLLOW_UPS, FOLLOW_UPS * 5)
            for size in (4, 20)
        ],
        "incident/timeline_edited": [
            {**it, "numbers": numbers, "what": what}
            for it in short[:1]
            for numbers in ([7], [7, 8])
            for what in ("kept", "hidden", "merged", "reworded")
        ]
        + [{**it, "numbers": [7], "what": "moved", "at": NOON} for it in short[:1]],
        "postmortem/review": all_of_them,
        "postmortem/follow_up": [
            {"follow_up": one, "incident": on, "said": sent, "now": NOW}
            for one in FOLLOW_UPS
            for on in incidents[4:]
            for sent in (None, SentReminder(at=NOW, late=True))
        ],
        "postmortem/digest": [
            {"person": "U0RAJ", "follow_ups": them, "overdue": {FOLLOW_UP.number}}
            for them in ((), FOLLOW_UPS[2:5], FOLLOW_UPS * 5)
        ],
    }


def forms(full: Incident) -> dict[str, Facts]:
    return {
        "postmortem/write": {"incident": asdict(full), "parts": PARTS, "written": {"lucky": TYPED}},
        "postmortem/none": {"incident": asdict(full), "categories": [*Category], "category": None},
        "postmortem/action": {"incident": asdict(full), "categories": [*Category]},
        "postmortem/lever": {"incident": asdict(full)},
    }
