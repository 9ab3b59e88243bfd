"""Sample facts for every message and form, in each state. Spy tests a team's own templates with them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.app.samples import changes as sample_changes
from bot.app.samples import channels as sample_channels
from bot.app.samples import failover as sample_failover
from bot.app.samples import guide as sample_guide
from bot.app.samples import postmortems as sample_postmortems
from bot.app.samples import runbooks as sample_runbooks
from bot.domain.event import Event
from bot.domain.incident import events, guide
from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.domain.incident.state import WORKING, Link, Phase
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.oncall.cover import CoverRequest, CoverState
from bot.domain.oncall.load import Load
from bot.domain.oncall.shift import Overload, Shift, Told, Turn
from bot.domain.paging import events as paging_events
from bot.domain.paging.page import NOBODY, Page, PageState
from bot.domain.policy import Milestone
from bot.domain.portion import Portion
from bot.domain.refusal import Choice
from bot.domain.relief import events as relief_events
from bot.domain.relief.relief import COMMAND, Asked, began
from bot.domain.reminder import REMINDERS as DECLARED
from bot.domain.reminder import Status
from bot.domain.timer import LastSent, Snooze
from bot.ports import OnCallShift
from bot.services.oncall.oncall import OnCallAnswer, TeamOnCall
from bot.testing import POLICY

Facts = Mapping[str, Any]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
HALF_HOUR = timedelta(minutes=30)
TYPED = 'the <!channel> is <b>down</b> & "out"'
NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel"}

REMINDERS = tuple(DECLARED)
"""Every reminder about an incident."""

PARTIALS = {
    "incident/guide_words",
    "oncall/words",
    "relief/others",
    "relief/person",
    "relief/words",
    "changes/words",
    "incident/words",
    "paging/words",
    "shared/words",
    "events/line",
    "incident/state",
    "incident/reminder",
    "incident/update_reminder",
    *sample_postmortems.PARTIALS,
    *sample_failover.PARTIALS,
} | {it.template for it in DECLARED.values()}
"""Parts of other templates, tested with those."""


NEW = Incident.declared(42, events.Declared(at=NOON, by="U0ANA", name=TYPED))
FULL = replace(
    NEW,
    suspects=sample_changes.SUSPECTS,
    severity="sev1",
    channel="C0ROOM",
    impact=TYPED,
    impact_since=NOON,
    cause=TYPED,
    update=TYPED,
    updated_at=NOON,
    updated_by="U0ANA",
    update_due=NOON + HALF_HOUR,
    roles={"scribe": "U0RAJ", "support": "U0KIM"},
    links=(Link(url="https://example.com/graph", title=TYPED),),
    members=("U0ANA", "U0RAJ"),
    command_offered_to="U0RAJ",
)
OVER = FULL.after(events.Resolved(at=NOON + HALF_HOUR, by="U0ANA", how=TYPED))
REFUSED = replace(NEW, channel_refused="restricted_action", commander=None, command_since=None)
UNEXPLAINED = replace(FULL, cause=None)
INCIDENTS = (NEW, FULL, OVER, REFUSED, replace(FULL, private=True), replace(FULL, drill=True))

ASKED = Page(
    number=17, key="k", message=TYPED, requested_by="U0ANA", requested_at=NOON, team="imoc", incident=42
)
SENT = replace(ASKED, state=PageState.SENT, sent_at=NOON, rings_since=NOON)
ACKNOWLEDGED = replace(
    SENT, state=PageState.ACKNOWLEDGED, acknowledged_by="Raj Patel", acknowledged_at=NOON + HALF_HOUR
)
FAILED = replace(ASKED, state=PageState.FAILED, why="PagerDuty is down", fallback=("Kim +1 2", "<#C0IMOC>"))
PAGES = (
    ASKED,
    SENT,
    replace(SENT, escalated_to="Kim Park"),
    ACKNOWLEDGED,
    replace(ACKNOWLEDGED, state=PageState.RESOLVED, resolved_at=NOW),
    replace(FAILED, state=PageState.DELAYED),
    FAILED,
    replace(SENT, team=None, person="U0RAJ"),
    replace(ASKED, requested_by=None, incident=None),
    replace(ASKED, assigned=NOBODY, fallback=("Dana +1 3", "<#C0IMOC>")),
    replace(SENT, assigned=NOBODY),
    replace(SENT, assigned="Raj Patel", level=2),
    replace(SENT, assigned="Raj Patel", is_last_level=True),
    replace(SENT, answer="acknowledged", answer_by="U0RAJ", why="PagerDuty did not answer"),
    replace(ACKNOWLEDGED, shown_as="Spy", answer="resolved", answer_by="U0RAJ", why="no answer"),
    replace(ACKNOWLEDGED, state=PageState.SENT, answer="acknowledged", answer_by="U0RAJ"),
    replace(SENT, merged_into="Q9", url="https://acme.pagerduty.com/incidents/Q9"),
)
TOLD = TeamNotice(number=5, incident=42, team="payments", channel="C0PAY", message=TYPED, by="U0ANA", at=NOON)
NOTICES = (TOLD, replace(TOLD, seen_by=("U0RAJ", "U0KIM")), replace(TOLD, failed="is_archived"))

ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA"}
PAGED: dict[str, Any] = {"at": NOON, "page": 17, "whom": "<@U0RAJ>"}
HAPPENED: tuple[Event, ...] = (
    events.Declared(**ABOUT, name=TYPED, severity="sev1", private=True),
    events.ChannelOpened(at=NOON, channel="C0ROOM", channel_name="inc-42"),
    events.ChannelRefused(at=NOON, why="restricted_action"),
    events.PersonJoined(at=NOON, person="U0RAJ"),
    events.PersonInvited(at=NOON, person="U0RAJ"),
    events.SeveritySet(**ABOUT, severity="sev1", before=None),
    events.SeveritySet(**ABOUT, severity="sev1", before="sev2"),
    events.PhaseChanged(**ABOUT, phase="mitigated", before="triage"),
    events.UpdatePosted(**ABOUT, message=TYPED, next_due=NOON + HALF_HOUR),
    events.UpdatePosted(**ABOUT, message=TYPED, next_due=None),
    events.NoteTaken(**ABOUT, note=TYPED),
    events.NoteRemoved(**ABOUT, message="1.0", supersedes=3),
    events.ImpactStated(**ABOUT, impact=TYPED, since=NOON),
    events.CauseSuspected(**ABOUT, cause=TYPED),
    events.LinkAdded(**ABOUT, url="https://example.com", title=TYPED),
    events.Resolved(**ABOUT, how=TYPED),
    events.Resolved(at=NOON),
    events.Reopened(**ABOUT),
    events.Cancelled(**ABOUT),
    events.CommandTaken(**ABOUT, commander="U0ANA", before=None),
    events.CommandTaken(**ABOUT, commander="U0ANA", before="U0RAJ"),
    events.CommandOffered(**ABOUT, to="U0ANA"),
    events.CommandOffered(**ABOUT, to="U0RAJ"),
    events.CommandOffered(**ABOUT, to="U0RAJ", instead_of="U0KIM"),
    events.CommandDeclined(**ABOUT, to="U0RAJ"),
    events.RoleGiven(**ABOUT, role="scribe", person="U0RAJ"),
    events.PersonUnavailable(
        at=NOON, person="U0RAJ", led=True, roles=("scribe",), follow_ups=(3, 5), postmortem=True
    ),
    events.PersonUnavailable(at=NOON, person="U0RAJ", is_bot=True, offered=True),
    paging_events.PageRequested(**PAGED, by="U0ANA", message=TYPED),
    paging_events.PageSent(**PAGED, pagerduty_id="PD1", url="https://example.com"),
    paging_events.PageRingsNobody(**PAGED, as_of=NOON, manager="U0MGR", fallback=("<#C0IMOC>",)),
    paging_events.PageRingsNobody(**PAGED),
    paging_events.PageAcknowledged(**PAGED, who="Raj Patel"),
    paging_events.PageAcknowledged(**PAGED, who=TYPED, person="U0ZOE", shown_as="Spy"),
    paging_events.PageRenewed(**PAGED, who="Raj Patel"),
    paging_events.PageMerged(
        **PAGED, into="Q9", url="https://acme.pagerduty.com/incidents/Q9", who="Kim Park"
    ),
    paging_events.PageMerged(**PAGED, into="Q9", url="", who="PagerDuty"),
    paging_events.PageUnanswered(**PAGED),
    paging_events.PageEscalated(**PAGED, to="Kim Park"),
    paging_events.PageResolved(**PAGED, who="Raj Patel"),
    paging_events.PageDelayed(**PAGED, why="no answer", fallback=("Kim +1 2",)),
    paging_events.PageFailed(**PAGED, why="no answer"),
    paging_events.PageWithdrawn(**PAGED),
    events.TeamNotified(**ABOUT, notice=5, team="payments", message=TYPED),
    events.TeamNoticeSeen(**ABOUT, notice=5, team="payments"),
    events.TeamNoticeFailed(at=NOON, notice=5, team="payments", why="is_archived"),
    relief_events.ReliefPutOff(**ABOUT, until=NOON + HALF_HOUR),
    events.DeliveryFailed(at=NOON, what="The channel's topic", why="too_long"),
    events.Reminded(
        at=NOON, reminder="update_due", occurrence="1.0", mark="1", to="U0ANA", due_at=NOON, late=True
    ),
    events.Snoozed(**ABOUT, reminder="update_due", mark="1", until=NOW),
    events.StepPassed(**ABOUT, step="clean_up"),
    events.StepPassed(**ABOUT, step="changes", answer="nothing changed"),
    events.Hushed(**ABOUT, until=NOW),
    *sample_postmortems.HAPPENED,
    *sample_failover.HAPPENED,
    *sample_changes.HAPPENED,
    *sample_channels.HAPPENED,
)


def facts_of(event: Event) -> Facts:
    return {
        **asdict(event),
        "kind": event.kind(),
        "incident": 42,
        "permalink": "https://example.com/p",
        "line": 7,
    }


def state_of(incident: Incident) -> Facts:
    return {
        "incident": incident,
        "severities": list(POLICY.severities),
        "pages": PAGES if incident is FULL else (),
        "failovers": [sample_failover.RUNNING] if incident is FULL else (),
        "now": NOW,
        "lasted": incident.lasted(NOW),
        "commanded_for": NOW - incident.command_since if incident.command_since else None,
        "locks": sample_changes.LOCKS if incident is FULL else (),
        "events": [facts_of(event) for event in HAPPENED[-3:]],
        "guide": guide.standing(incident),
    }


MILESTONE = Milestone(name="status-page", message=TYPED)


def reminder_messages_of(reminder: str) -> list[Facts]:
    """Return a reminder in each form it can take, for every incident."""
    snooze = Snooze(mark="1", until=NOW + HALF_HOUR, by="U0RAJ")
    return [
        {
            **state_of(incident),
            "template": DECLARED[reminder].template,
            "named": reminder,
            "status": status,
            "said_at": NOW,
            "late": status is Status.OPEN,
            "due_at": NOON,
            "promised": NOON,
            "snooze": snooze if status is Status.SNOOZED else None,
            "severities": ["sev1", "sev2"],
            "milestone": milestone,
            "message": milestone.message if milestone else None,
            "due": NOW + HALF_HOUR if milestone else None,
        }
        for incident in INCIDENTS
        for status in Status
        for milestone in (
            (MILESTONE, replace(MILESTONE, message=None, command="page :imoc"), None)
            if reminder == "milestone"
            else (None,)
        )
        if (status is not Status.DONE or incident is FULL)
        and not (status is Status.SNOOZED and reminder not in {"update_due", "update_late"})
    ]


def why_of(reminder: str, incident: Incident) -> Facts:
    return {
        "reminder": reminder,
        "named": f"{reminder}:status-page",
        "incident": incident,
        "said_at": NOW,
        "due_at": NOON,
        "late": reminder == "update_due",
        "every": HALF_HOUR,
        "milestone": replace(MILESTONE, severities=("sev1",)),
        "timers": POLICY.timers,
        "period": None,
    }


STATES = [state_of(incident) for incident in (*INCIDENTS, UNEXPLAINED)]
SHORT = [{"incident": incident} for incident in INCIDENTS]
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
        "said": said,
        "fresh": fresh,
        "cover": cover,
        "by_now": "Raj Patel" if shift.gone_at else None,
        "ahead": ahead,
        "now": NOW,
    }
    for shift in (SHIFT, replace(SHIFT, ready_at=NOON), SHIFT.gone(NOON))
    for said in (Told(at=NOON), Told(at=NOON, late=True))
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
FAMILY = {"name": "page", "commands": [{"usage": 'page (:team|@person) "message"', "help": "Page.\nMore."}]}

WORK_PERIOD = began(7, "U0ANA", 42, COMMAND, at=NOON)
SECOND = replace(FULL, number=43)
ASKED_OF = Asked(words="relief-ask", to="C0IMOC", at=NOW, due_at=NOON)


def relief_of(audience: str, words: str, *on: Incident, **more: Any) -> Facts:
    period = replace(WORK_PERIOD, on={it.number: COMMAND for it in on}, ended_at=None if on else NOW)
    return {
        "audience": audience,
        "words": words,
        "period": period,
        "incidents": on,
        "left": () if on else (FULL,),
        "asked": ASKED_OF,
        "is_latest": True,
        "lasted": 3 * HALF_HOUR,
        "parts": {42: NOW - HALF_HOUR},
        "now": NOW,
        "on_duty": 16 * HALF_HOUR,
        "first": NOON,
        "awake": 28 * HALF_HOUR,
        "asks_at": NOW,
        "has_asked": words != "relief-warn",
        "fine_for": HALF_HOUR,
        "fine_until": None,
        "is_spared": False,
        "pages": (),
        **more,
    }


SENT_OF_A_PERIOD = (
    "relief-warn",
    "relief-ask",
    "relief-again1",
    "duty-warn",
    "duty-ask",
    "day-warn",
    "day-ask",
)
RELIEF = [
    *(
        relief_of(audience, words, *on)
        for audience in ("person", "channel", "team")
        for words in SENT_OF_A_PERIOD
        for on in ((), (FULL,), (NEW, SECOND), (replace(FULL, drill=True),), (REFUSED,))
    ),
    relief_of("team", "relief-ask", FULL, pages=(SENT, FAILED), fine_until=NOW),
    relief_of("person", "relief-warn", FULL, fine_until=NOW, asked=replace(ASKED_OF, at=NOON)),
    relief_of("team", "relief-ask", FULL, period=replace(WORK_PERIOD, on={42: "scribe"})),
    relief_of("team", "relief-ask", FULL, SECOND, period=replace(WORK_PERIOD, on={42: "scribe", 43: "ops"})),
    relief_of("team", "relief-ask", left=(), is_latest=False, asked=None),
    relief_of("team", "relief-ask", replace(FULL, drill=True), is_spared=True),
]

BRIEFED: tuple[Facts, ...] = (
    {"unseen": [], "coming": [], "asks": []},
    {
        "unseen": [facts_of(events.TeamNotified(**ABOUT, notice=5, team="payments", message=TYPED))],
        "coming": [
            {"reminder": "update_due", "due_at": NOW, "milestone": None},
            {"reminder": "milestone:support", "due_at": NOW, "milestone": "Tell support"},
        ],
        "asks": ["update_due", "no_severity"],
    },
)
DONE = ("reopened", "cancelled", "noted", "severity", "phase", "cause", "link", "taken", "declined", "x")

CASES: dict[str, Sequence[Facts]] = (
    sample_failover.facts()
    | sample_changes.facts(INCIDENTS[:2])
    | sample_channels.facts(INCIDENTS[:2], FULL)
    | sample_guide.facts(INCIDENTS, FULL, OVER)
    | sample_postmortems.facts(INCIDENTS, OVER, FULL, PAGES)
    | sample_runbooks.facts(FULL)
    | {
        "relief/relief": RELIEF,
        "relief/rest": [
            {
                "period": WORK_PERIOD,
                "incident": it,
                "others": others,
                "still": still,
                "lasted": HALF_HOUR,
                "led": led,
            }
            for it in (NEW, replace(FULL, commander="U0RAJ"), REFUSED)
            for others, still, led in (
                ((), None, HALF_HOUR),
                ((), None, None),
                ((SECOND,), None, None),
                ((), "scribe", None),
                ((), "command", None),
            )
        ],
        "relief/relieving": [
            {**it, "person": person, "what": what, "is_done": done}
            for it in SHORT
            for person, what, done in (
                ("U0ANA", "command", False),
                (None, "command", True),
                ("U0ANA", "scribe", True),
            )
        ],
        "relief/fine": [{"incident": it, "until": NOW} for it in (FULL, None)],
        "incident/card": STATES,
        "incident/announcement": STATES,
        "incident/brief": [
            {**it, **more, "reader": reader, "is_latest": latest}
            for it in STATES
            for more in BRIEFED
            for reader, latest in (("U0RAJ", True), ("U0RAJ", False), ("U0KIM", True), (None, True))
        ],
        "paging/page": [
            {"page": it, "incident": FULL if it.incident else None, "manager": manager, "now": NOW}
            for it in PAGES
            for manager in (None, "U0MGR")
        ],
        "incident/team_notice_sent": [{"notice": it, "incident": FULL, "now": NOW} for it in NOTICES],
        "incident/team_notice": [
            {"notice": it, "incident": on, "now": NOW} for it in NOTICES for on in INCIDENTS
        ],
        "incident/tldr": [*STATES, {**STATES[1], "shared": True}],
        "incident/timeline": [
            {"incident": FULL, "events": them, "count": count, "earlier": earlier, "later": later}
            for them, count, earlier, later in (
                ([facts_of(event) for event in HAPPENED][-30:], 30, None, None),
                ([facts_of(event) for event in HAPPENED][:30], 90, 7, 42),
            )
        ],
        "incident/who": [
            {**it, "members": Portion.of(tuple("abcd"), 2, size)} for it in STATES for size in (2, 9)
        ],
        "incident/links": [*SHORT],
        "incident/list": [
            {"found": Portion.of(them, 1, 1), "which": which, "wanted": wanted, "now": NOW}
            for them in ((), (FULL, OVER))
            for which in ("open", "resolved", "all")
            for wanted in (
                Search(seen_by="U0ANA"),
                Search(seen_by="U0ANA", team="imoc", since=NOON, words=("cart", "slow")),
            )
        ],
        "incident/declared": [
            {"incident": it, "announce": where, "pages": PAGES, "severities": ["sev1", "sev2"]}
            for it in INCIDENTS
            for where in ("C0INC", None)
        ],
        "incident/open_already": [
            {
                "incident": it,
                "is_double_click": is_double_click,
                "asker": asker,
                "name": it.name,
                "severity": severity,
                "now": now,
            }
            for it in INCIDENTS
            for is_double_click, asker, severity, now in (
                (True, "U0ANA", None, NOW),
                (False, "U0ANA", POLICY.severities["sev1"], it.declared_at),
                (False, "U0SAM", POLICY.severities["sev2"], NOW),
            )
        ],
        "incident/joined": [{**it, "is_new": new} for it in SHORT for new in (True, False)],
        "incident/done": [{**it, "what": what} for it in SHORT for what in DONE]
        + [{**it, "what": "noted", "at": NOON} for it in SHORT],
        "incident/updated": [{"incident": FULL}, {"incident": replace(FULL, update_due=None)}],
        "incident/impact": [{"incident": FULL}],
        "incident/told": [{**it, "notice": TOLD, "team": POLICY.teams["payments"]} for it in SHORT],
        "incident/seen": [{"notice": TOLD}],
        "incident/offered": [
            {**it, "to": "U0RAJ", "instead_of": who} for it in SHORT for who in (None, "U0KIM")
        ],
        "incident/role": [{**it, "role": "scribe", "person": "U0RAJ"} for it in SHORT],
        "incident/unsaid": [{**it, "words": "x", "why": "is_archived"} for it in SHORT],
        "paging/requested": [
            {"page": it, "incident": on, "manager": "U0MGR"} for it in PAGES for on in (None, *INCIDENTS)
        ],
        "paging/asked": [
            {"page": it, "what": "acknowledge", "incident": on} for it in PAGES for on in (None, *INCIDENTS)
        ],
        "shared/unsaid": [
            {"what": "Page 7", "why": "PagerDuty refuses the token."},
            {"what": "A message (warning)", "to": "U0RAJ", "why": "account_inactive"},
        ],
        "shared/stuck": [{"what": "Page 7", "since": NOON}],
        "shared/left": [{"what": "Page 7"}],
        "events/unknown": [{"e": {**ABOUT, "kind": "pigeon_sent", "text": text}} for text in ("", TYPED)],
        "paging/title": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)]
        + [{"page": it, "incident": None} for it in TESTS],
        "paging/details": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)]
        + [{"page": it, "incident": None} for it in TESTS],
        "incident/topic": SHORT,
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
            for shifts in ((), (SHIFT, replace(SHIFT, ready_at=NOON)))
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
            }
        ],
        "oncall/warning": SHIFTS,
        "oncall/unready": SHIFTS,
        "oncall/stranger": SHIFTS,
        "oncall/handover": [{**it, "incidents": several} for it in SHIFTS for several in (INCIDENTS, ())],
        "oncall/overload": [
            {**it, "shift": replace(it["shift"], overload=Overload(at=NOON, incidents=(41, 42, 43)))}
            for it in SHIFTS
        ],
        "oncall/cover": [
            {"cover": it, "again": again, "said": said, "ahead": ahead, "now": NOW}
            for it in COVERS
            for again, said, ahead in ((False, None, HALF_HOUR), (True, Told(at=NOON, late=True), None))
        ],
        "oncall/covering": [
            {"cover": it, "again": False, "said": None, "ahead": None, "now": NOW} for it in COVERS
        ],
        "oncall/test": [{"page": it, "now": NOW} for it in TESTS],
        "oncall/tested": [{"page": it, "now": NOW} for it in TESTS],
        "help/start": [{"wanted": wanted, "families": ("incident", "page")} for wanted in ("", TYPED)],
        "help/commands": [{"families": [FAMILY], "brief": brief} for brief in (True, False)],
        "help/plugins": [{"families": ["page"], "failures": broken} for broken in ((), ("x.py: no",))],
        "incident/reminded": [facts for reminder in REMINDERS for facts in reminder_messages_of(reminder)],
        "paging/unanswered": [
            {"page": it, "incident": on, "manager": "U0MGR", "now": NOW, "said": said, "latest": latest}
            for it in PAGES
            for on in ((FULL, replace(FULL, phase=Phase.RESOLVED)) if it.incident else (None,))
            for said in (
                (LastSent(mark="1", count=1, at=NOW, occurrence="1.0", to="C0ROOM"),)
                if it.rings_since
                else (None,)
            )
            for latest in (True, False)
        ],
        "shared/configuration": [{"mistakes": ["config.yaml:5: milestones.when: must be a length of time."]}],
        "shared/templates": [
            {"mistakes": ["ours/templates/incident/words.j2:1: it has no due, which incident/card.j2 needs"]}
        ],
        "incident/snoozed": [{**it, "until": NOW} for it in SHORT],
        "incident/quiet": [{**it, "until": NOW} for it in SHORT],
        "incident/why": [
            *(
                why_of(reminder, it)
                for reminder in (*REMINDERS, "unanswered")
                for it in (FULL, replace(FULL, updated_at=None))
            ),
            *(
                {
                    "reminder": "page",
                    "incident": FULL,
                    "page": it,
                    "severity": severity,
                    "unanswered": None,
                    "after": HALF_HOUR,
                    "period": None,
                    "timers": POLICY.timers,
                }
                for it in (SENT, replace(SENT, requested_by=None))
                for severity in ("sev1", None)
            ),
        ],
        "help/workflow": [{"words": "incident 1 tldr"}, {"words": "x" * 2000}],
        "help/refusal": [{"sentence": TYPED, "choices": (Choice(label="Reopen", say="incident 1 reopen"),)}],
        "help/form": [
            {"command": "incident me", "incident": None},
            {"command": "incident update", "incident": 42, "why": "too late"},
            {"command": "runbook restart-db", "incident": None, "why": "too late"},
        ],
    }
    | {
        f"events/{kind}": [
            {"e": facts_of(it), "drill": drill}
            for it in HAPPENED
            if it.kind() == kind
            for drill in (True, False)
        ]
        for kind in dict.fromkeys(it.kind() for it in HAPPENED)
    }
)

FORMS: dict[str, Facts] = (
    sample_runbooks.FORMS
    | sample_postmortems.forms(FULL)
    | {
        "oncall/cover": {
            "team": "imoc",
            "when": "2026-11-30 09:00 - 2026-12-07 09:00",
            "zone": "Europe/Lisbon",
        },
        "incident/declare": {
            "severities": ["sev1", "sev2"],
            "said": {"severity": "sev1", "private": True, "drill": False},
        },
        "incident/update": {
            "incident": asdict(FULL),
            "phases": list(WORKING),
            "severities": ["sev1", "sev2"],
        },
        "incident/hand": {"incident": asdict(FULL)},
        "paging/page": {"incident": asdict(FULL), "teams": [":imoc", ":payments"]},
        "incident/resolve": {"incident": asdict(FULL)},
    }
)
