"""Sample facts for messages about alerts, in each state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.alert import events
from bot.domain.alert.alert import Alert, Decision
from bot.domain.alert.report import AlertState
from bot.domain.incident.incident import Incident
from bot.domain.policy import Severity
from bot.domain.portion import Portion
from bot.domain.service import Declare
from bot.ports import Posted
from bot.ports.records.alert import StormCounts
from bot.services.alert.alerts import Listed

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
TYPED = 'the <!channel> is <b>down</b> & "out"'

FIRING = Alert(
    number=12,
    key="grafana:c6eadffa33fcdf37",
    source="grafana",
    title=TYPED,
    service="checkout",
    state=AlertState.FIRING,
    began_at=NOON,
    heard_at=NOON,
    told_at=NOW,
    severity="critical",
    url="https://grafana.example.com/" + "x" * 470,
    to="C0PAY",
)
BARE = replace(FIRING, source="tool", service=None, severity=None, url=None, is_listed=False)
LONG = replace(FIRING, title="<" * 300, times=3, is_moved=True)
RINGS = replace(FIRING, source="pagerduty", assigned="Raj Patel", pager_id="Q1")
RINGS_NOBODY = replace(RINGS, assigned="")
ACKNOWLEDGED = replace(FIRING, source="pagerduty", state=AlertState.ACKNOWLEDGED, who="Raj Patel")
RESOLVED = replace(BARE, service="orders", state=AlertState.RESOLVED, resolved_at=NOW)
QUIET = replace(FIRING, source="alertmanager", declare=Declare.NEVER)
STORM = replace(FIRING, is_storm=True)
UNDECIDED = (FIRING, BARE, LONG, RINGS, RINGS_NOBODY, ACKNOWLEDGED, RESOLVED, QUIET, STORM)
DECIDED = tuple(
    replace(FIRING, decision=it, decided_by=by, decided_at=NOW) for it in Decision for by in ("U0ANA", None)
)
JOINED = replace(FIRING, storm=7)
ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA", "alert": 12, "title": TYPED}
ADDED: dict[str, Any] = {**ABOUT, "source": "grafana", "began_at": NOON}
HAPPENED = (
    events.AlertAdded(**ADDED, service="checkout", url="https://example.com", is_first=False),
    events.AlertAdded(**ADDED | {"by": None}, service=None, url=None, is_first=True),
    events.AlertRemoved(**ABOUT),
    events.AlertResolved(**ABOUT | {"by": None}),
    events.AlertFiredAgain(**ABOUT | {"by": None}),
)


def facts(incidents: Sequence[Incident]) -> dict[str, Sequence[Facts]]:
    posted = Posted(channel="C0PAY", ts="1.0", permalink="https://acme.slack.com/archives/C0PAY/p1")
    around: dict[str, Any] = {
        "lead_at": None,
        "last": None,
        "counts": StormCounts(),
        "stormed": [],
        "now": NOW,
    }
    members = [Listed(alert=it, lead=STORM, incident=None) for it in (JOINED, LONG)]
    listed = [
        Listed(alert=it, lead=it, incident=on) for it in (*UNDECIDED, *DECIDED) for on in (incidents[0], None)
    ]
    listed += members
    return {
        "alert/line": [
            {"alert": None, "now": NOW},
            *(
                around | {"alert": it, "lead": it, "incident": None, "likely": likely}
                for it in UNDECIDED
                for likely in ((), incidents)
            ),
            *(
                around | {"alert": it, "lead": it, "incident": on, "likely": ()}
                for it in DECIDED
                for on in (*incidents, None)
            ),
            around
            | {"alert": DECIDED[0], "lead": DECIDED[0], "likely": ()}
            | dict(zip(("incident", "last"), incidents, strict=False)),
            *(
                around | {"alert": JOINED, "lead": STORM, "lead_at": at, "incident": None, "likely": ()}
                for at in (posted, None)
            ),
            around
            | {
                "alert": STORM,
                "lead": STORM,
                "incident": None,
                "likely": incidents,
                "counts": StormCounts(count=40, firing=31),
                "stormed": [LONG] * 5,
            },
            around
            | {
                "alert": replace(RESOLVED, is_storm=True),
                "lead": STORM,
                "incident": None,
                "likely": (),
                "counts": StormCounts(count=4, firing=0),
                "stormed": [RESOLVED] * 4,
            },
        ],
        "alert/decided": [
            {"alert": it, "incident": on, "count": count}
            for it, count in (
                (FIRING, 1),
                (BARE, 1),
                (RINGS, 1),
                (STORM, 9),
                (replace(STORM, service=None), 9),
            )
            for on in (*incidents, None)
        ],
        "alert/open_already": [
            {"incident": it, "number": 12, "severity": severity}
            for it in incidents
            for severity in (Severity(key="sev1"), None)
        ],
        "alert/list": [
            {"found": Portion.of(them, page, 10), "service": service, "now": NOW}
            for them, page in ((listed, 1), (listed, 2), ((), 1))
            for service in ("checkout", None)
        ],
    }
