"""Sample facts for messages about being on call."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.app.samples.changes import LOCK
from bot.app.samples.failover_play import PLANS
from bot.app.samples.postmortems import FOLLOW_UP
from bot.app.samples.world import (
    ACKNOWLEDGED,
    ASKED,
    FAILED,
    HALF_HOUR,
    INCIDENTS,
    NOON,
    NOW,
    SENT,
    TYPED,
    Facts,
)
from bot.domain.oncall.cover import CoverRequest, CoverState
from bot.domain.oncall.ledger import COLUMNS, LedgerEntry, LedgerSource, Month, lines, sums, table
from bot.domain.oncall.load import Load
from bot.domain.oncall.rest import Span
from bot.domain.oncall.shift import Overload, SentReminder, Shift, Turn
from bot.domain.portion import Portion
from bot.ports import OnCallShift, RingCopy
from bot.services.failover.failovers import PlanStatus
from bot.services.oncall.briefs import Brief, Rang
from bot.services.oncall.ledgers import Ledger
from bot.services.oncall.load import LoadAnswer
from bot.services.oncall.oncall import OnCallAnswer, TeamOnCall
from bot.testing import POLICY

ANA = OnCallShift(policy="PPOL1", level=1, name="Ana Lima", end=NOW)

ON_CALL = TeamOnCall(team=POLICY.teams["imoc"], on_calls=(ANA, replace(ANA, level=2)), gone=(ANA,))

NOBODY_ON_CALL = TeamOnCall(team=POLICY.teams["payments"], on_calls=())

TURN = Turn(
    schedule="PSCH1",
    user="PUANA",
    name=TYPED,
    email="ana@example.com",
    start=NOON + HALF_HOUR,
    end=NOON + 20 * HALF_HOUR,
)

SHIFT = Shift.new(7, TURN, team="imoc", person="U0ANA", zone="Europe/Lisbon", known_since=NOON)

COVER = CoverRequest(
    number=3,
    schedule="PSCH1",
    team="imoc",
    by="U0ANA",
    start=TURN.start,
    end=TURN.end,
    asked_at=NOON,
    asked="U0RAJ",
)

COVERS = (
    COVER,
    replace(COVER, why=TYPED, taken_by="U0RAJ"),
    replace(COVER, declined_by=("U0RAJ", "U0KIM")),
    replace(COVER, asked=None),
    *(
        replace(COVER, state=state, taken_by="U0RAJ")
        for state in (CoverState.PROMISED, CoverState.COVERED, CoverState.WITHDRAWN, CoverState.ELSEWHERE)
    ),
)

SHIFTS: list[dict[str, Any]] = [
    {
        "shift": shift,
        "starts": shift.local[0],
        "ends": shift.local[1],
        "said": sent,
        "fresh": fresh,
        "cover": cover,
        "by_now": "Raj Patel" if shift.gone_at and not joined else None,
        "joined": joined,
        "ahead": ahead,
        "now": NOW,
    }
    for shift, joined in (
        (SHIFT, None),
        (replace(SHIFT, ready_at=NOON), None),
        (SHIFT.gone(NOON), None),
        (SHIFT.gone(NOON), replace(SHIFT, ready_at=NOON)),
    )
    for sent in (SentReminder(at=NOON), SentReminder(at=NOON, late=True))
    for fresh in (True, False)
    for cover in (COVER, None)
    for ahead in (HALF_HOUR, None)
] + [
    {
        "shift": replace(SHIFT, turn=replace(TURN, end=NOON, email=None)),
        "starts": NOON,
        "ends": NOON,
        "said": None,
        "fresh": False,
        "cover": None,
        "by_now": None,
        "joined": None,
        "ahead": None,
        "now": NOW,
    }
]

TESTS = (
    replace(ASKED, test=True, team=None, person="U0ANA", incident=None),
    replace(SENT, test=True, team=None, person="U0ANA", incident=None),
    replace(ACKNOWLEDGED, test=True, team=None, person="U0ANA", incident=None),
    replace(FAILED, test=True, team=None, person="U0ANA", incident=None),
)

LOAD = Load(
    person="U0ANA", pages=3, night_pages=1, commanded=HALF_HOUR, incidents=2, busiest=2, is_heavy=True
)

FULL = Brief(
    before=("Raj Patel",),
    window=Span(start=NOON, end=NOW),
    incidents=INCIDENTS,
    follow_ups=(FOLLOW_UP, replace(FOLLOW_UP, owner="U0KIM")),
    locks=(LOCK,),
    rang=(Rang(service="checkout", times=3, at_night=1), Rang(service=None, times=1, at_night=0)),
    plans=[PlanStatus(plan=it, last=None, rehearsed=None) for it in PLANS.plans.values()],
)
BRIEFS = (
    FULL,
    Brief(before=(), window=FULL.window, incidents=(), follow_ups=(), locks=(), rang=(), plans=()),
)
LINES = lines(
    "U0ANA",
    [
        LedgerEntry(source=LedgerSource.SHIFT, ref="PSCH1 #7", span=Span(start=NOON, end=NOW), team="imoc"),
        LedgerEntry(source=LedgerSource.PAGE, ref="Q1", span=Span(start=NOON, end=NOON)),
    ],
    Month.of(NOON),
    zone="Europe/Lisbon",
    timers=POLICY.timers,
    holiday=lambda _day, _team: "Restauração",
)
LEDGERS = (
    Ledger(month=Month.of(NOON), total=sums(LINES), lines=LINES, is_current=True),
    Ledger(month=Month.of(NOON), total=sums(LINES), team="imoc", count=2),
    Ledger(
        month=Month.of(NOON), total=sums(LINES), team="imoc", count=2, unknown=1, unknown_hours=NOW - NOON
    ),
    Ledger(
        month=Month.of(NOON),
        total=sums(LINES),
        team="imoc",
        count=2,
        people={"U0ANA": sums(LINES), "U0RAJ": sums(())},
        lines=LINES,
    ),
)

CASES: dict[str, Sequence[Facts]] = {
    "oncall/who": [
        {
            "answer": OnCallAnswer(teams=(ON_CALL, NOBODY_ON_CALL), synced_at=at, trouble=trouble),
            "found": Portion.of((ON_CALL, NOBODY_ON_CALL), 1, size),
            "now": NOW,
        }
        for at in (NOON, None)
        for trouble in (None, "PagerDuty is down")
        for size in (1, 20)
    ],
    "oncall/me": [
        {"found": Portion.of(shifts, 1), "now": NOW}
        for shifts in ((), (SHIFT, replace(SHIFT, ready_at=NOON), replace(SHIFT, goes_on=True)))
    ],
    "oncall/ready": [{"shift": SHIFT}],
    "oncall/testing": [{"page": it} for it in TESTS],
    "oncall/asked": [{"covers": [COVER, replace(COVER, asked=None)]}],
    "oncall/promised": [{"cover": COVER}],
    "oncall/declined": [{"cover": COVER}],
    "oncall/withdrawn": [{"cover": COVER}],
    "oncall/load": [
        {
            "week": Portion.of([], 1),
            "month": Portion.of([LOAD, replace(LOAD, person="U0RAJ", is_heavy=False)], 1),
            "flag": 2,
            "answer": LoadAnswer(week=(), month=(), known=known, strangers=strangers),
            "since": NOON - HALF_HOUR,
            "now": NOW,
        }
        for known in (RingCopy(), RingCopy(trouble=TYPED), RingCopy(since=NOON, until=NOON, trouble=TYPED))
        for strangers in (0, 1, 2)
    ],
    "oncall/ledger": [
        {"ledger": it, "people": Portion.of([*it.people.items()], 1, 1), "known": known}
        for it in LEDGERS
        for known in (RingCopy(), RingCopy(since=NOON, until=NOON))
    ],
    "oncall/ledger_csv": [
        {"ledger": it, "header": ",".join(COLUMNS), "found": Portion.of(blocks, 1, 1)}
        for it in LEDGERS
        for blocks in ((), (table(LINES),), (table(LINES), table(LINES)))
    ],
    "oncall/ledger_file": [
        {"csv": csv} for csv in (",".join(COLUMNS), f"{','.join(COLUMNS)}\n{table(LINES)}")
    ],
    "oncall/warning": SHIFTS,
    "oncall/unready": SHIFTS,
    "oncall/stranger": SHIFTS,
    "oncall/handover": [{**it, "incidents": several} for it in SHIFTS for several in (INCIDENTS, ())],
    "oncall/brief": [
        {
            "shift": shift,
            "ends": shift.local[1],
            "brief": it,
            "said": SentReminder(at=NOON, late=True),
            "fresh": fresh,
            "now": NOW,
        }
        for shift in (SHIFT, SHIFT.gone(NOON))
        for it in BRIEFS
        for fresh in (False, True)
    ],
    "oncall/overload": [
        {**it, "shift": replace(it["shift"], overload=Overload(at=NOON, incidents=numbers, others=others))}
        for it in SHIFTS
        for numbers, others in (((41, 42, 43), 0), ((41,), 2), ((), 3))
    ],
    "oncall/night": [{**it, "rings": [NOON] * count, "today": NOW} for it in SHIFTS for count in (1, 7)],
    "oncall/cover": [
        {"cover": it, "again": again, "said": sent, "ahead": ahead, "now": NOW}
        for it in COVERS
        for again, sent, ahead in ((False, None, HALF_HOUR), (True, SentReminder(at=NOON, late=True), None))
    ],
    "oncall/covering": [
        {"cover": it, "again": False, "said": None, "ahead": None, "now": NOW} for it in COVERS
    ],
    "oncall/group": [
        {"team": "imoc", "people": ["U0ANA", "U0RAJ"], "before": before, "is_restored": is_restored}
        for before in (["U0KIM"], [])
        for is_restored in (True, False)
    ],
    "oncall/group_refused": [{"team": "imoc", "people": people, "why": TYPED} for people in (["U0KIM"], [])],
    "oncall/test": [{"page": it, "now": NOW} for it in TESTS],
    "oncall/tested": [{"page": it, "now": NOW} for it in TESTS],
}

FORMS: dict[str, Facts] = {
    "oncall/cover": {
        "team": "imoc",
        "when": "2026-11-30 09:00 - 2026-12-07 09:00",
        "zone": "Europe/Lisbon",
        "free": "U0RAJ",
        "pages": 1,
        "hours": 40,
    },
}
