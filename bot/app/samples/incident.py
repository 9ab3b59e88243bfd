"""Sample facts for messages about incidents."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from bot.app.samples import changes as sample_changes
from bot.app.samples import failover as sample_failover
from bot.app.samples import merging as sample_merging
from bot.app.samples.events import HAPPENED, facts_of
from bot.app.samples.world import (
    ABOUT,
    FULL,
    HALF_HOUR,
    INCIDENTS,
    NOON,
    NOW,
    OVER,
    PAGES,
    SENT,
    TYPED,
    UNEXPLAINED,
    Facts,
)
from bot.domain.incident import events, guide
from bot.domain.incident.incident import Incident
from bot.domain.incident.origin import Origin
from bot.domain.incident.reminders import FIND_CAUSE
from bot.domain.incident.search import Search
from bot.domain.incident.state import WORKING
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.policy import Milestone
from bot.domain.portion import Portion
from bot.domain.reminder import REMINDERS as DECLARED
from bot.domain.reminder import Status
from bot.domain.service import Service
from bot.domain.timer import Snooze
from bot.services.paging.adoption import PagersIncident
from bot.testing import POLICY

REMINDERS = tuple(DECLARED)
"""Every reminder about an incident."""

TOLD = TeamNotice(number=5, incident=42, team="payments", channel="C0PAY", message=TYPED, by="U0ANA", at=NOON)

PAGED = PagersIncident(pager_id="Q1", url="https://example.com", title=TYPED, team="payments")

NOTICES = (TOLD, replace(TOLD, seen_by=("U0RAJ", "U0KIM")), replace(TOLD, failed="is_archived"))


SERVICES = (
    Service(key="checkout", team="payments", tier=1, runbooks=("restart-db", "roll-back-deploy")),
    Service(key="cart-api", team="payments", repositories=("acme/cart-api",)),
    Service(key="search", tier=0),
    Service(key="not-listed"),
)


def services_of(incident: Incident) -> Facts:
    is_named = bool(incident.services)
    return {
        "incident": incident,
        "services": SERVICES if is_named else (),
        "likely": () if is_named else ("checkout",),
        "runbooks": ("restart-db", "roll-back-deploy") if is_named else (),
    }


def state_of(incident: Incident) -> Facts:
    return {
        **services_of(incident),
        "severities": list(POLICY.severities),
        "pages": PAGES if incident is FULL else (),
        "failovers": [sample_failover.RUNNING] if incident is FULL else (),
        "now": NOW,
        "lasted": incident.lasted(NOW),
        "commanded_for": NOW - incident.command_since if incident.command_since else None,
        "locks": sample_changes.LOCKS if incident is FULL else (),
        "events": [facts_of(event) for event in HAPPENED[-3:]],
        "guide": guide.current(incident),
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
            "can_wait": {
                "until": NOW + HALF_HOUR,
                "words": FIND_CAUSE,
                "noted": 3 if status is Status.SNOOZED or incident is FULL else None,
            },
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
        "is_about_incident": reminder in DECLARED,
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


STATES = [state_of(incident) for incident in (*INCIDENTS, UNEXPLAINED, sample_merging.MERGED)]

SHORT = [{"incident": incident} for incident in INCIDENTS]

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

CASES: dict[str, Sequence[Facts]] = {
    "incident/card": STATES,
    "incident/announcement": STATES,
    "incident/brief": [
        {**it, **more, "reader": reader, "is_latest": latest}
        for it in STATES
        for more in BRIEFED
        for reader, latest in (("U0RAJ", True), ("U0RAJ", False), ("U0KIM", True), (None, True))
    ],
    "incident/line": [{"e": facts_of(event)} for event in HAPPENED],
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
        {"incident": it, "announce": where, "pages": PAGES, "severities": ["sev1", "sev2"], "paged": paged}
        for it in INCIDENTS
        for where, paged in (
            ("C0INC", ()),
            (None, (PAGED,)),
            (None, (replace(PAGED, assigned="Raj Patel"),)),
            (None, (replace(PAGED, acknowledged_by="Raj Patel"),)),
        )
    ],
    "incident/open_already": [
        {
            "incident": it,
            "is_double_click": is_double_click,
            "asker": asker,
            "name": it.name,
            "severity": severity,
            "services": ("checkout",) if origin else (),
            "origin": origin,
            "now": now,
        }
        for it in INCIDENTS
        for origin in (
            None,
            *(Origin(url=link.url) for link in it.links[:1]),
            Origin(url="https://x.example"),
        )
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
    "incident/affects": [services_of(incident) for incident in INCIDENTS],
    "incident/still_broken": [{"incident": incident} for incident in INCIDENTS],
    "incident/services": [
        {"found": Portion.of(them, 1, size)} for them in (SERVICES, ()) for size in (1, 20)
    ],
    "incident/offered": [{**it, "to": "U0RAJ", "instead_of": who} for it in SHORT for who in (None, "U0KIM")],
    "incident/reminded": [facts for reminder in REMINDERS for facts in reminder_messages_of(reminder)],
    "incident/why": [
        *(
            why_of(reminder, it)
            for reminder in (*REMINDERS, "unanswered")
            for it in (FULL, replace(FULL, updated_at=None))
        ),
        *(
            {
                "reminder": "page",
                "incident": about,
                "page": it,
                "severity": severity,
                "unanswered": None,
                "after": HALF_HOUR,
                "period": None,
                "unasked": unasked,
                "timers": POLICY.timers,
            }
            for it in (SENT, replace(SENT, requested_by=None), replace(SENT, is_adopted=True))
            for severity in ("sev1", None)
            for about, unasked in ((FULL, False), (FULL, True), (None, False))
        ),
    ],
}

FORMS: dict[str, Facts] = {
    "incident/declare": {
        "severities": ["sev1", "sev2"],
        "services": ["checkout", "search"],
        "said": {
            "severity": "sev1",
            "private": True,
            "drill": False,
            "services": "checkout",
            "name": TYPED,
            "is_of_private": True,
        },
    },
    "incident/update": {
        "incident": asdict(FULL),
        "phases": list(WORKING),
        "severities": ["sev1", "sev2"],
    },
    "incident/hand": {"incident": asdict(FULL)},
    "incident/resolve": {"incident": asdict(FULL)},
}
