"""The incidents, pages and people of the samples."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.app.samples import changes as sample_changes
from bot.app.samples import status as sample_status
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Link
from bot.domain.paging.page import NOBODY, Page, PageState

Facts = Mapping[str, Any]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

NOW = NOON + timedelta(minutes=20)

HALF_HOUR = timedelta(minutes=30)

TYPED = 'the <!channel> is <b>down</b> & "out"'

NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel"}

NEW = Incident.declared(42, events.Declared(at=NOON, by="U0ANA", name=TYPED))

FULL = replace(
    NEW,
    suspects=sample_changes.SUSPECTS,
    severity="sev1",
    services=("checkout", "cart-api", "search", "not-listed"),
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
    components=sample_status.COMPONENTS,
)

ENDED = FULL.after(events.Resolved(at=NOON + HALF_HOUR, by="U0ANA", how=TYPED))

OVER = replace(ENDED, still_broken_for=("U0RAJ", "U0KIM", "U0SAM", "U0ZOE", "U0LEA", "U0JO"))

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

FAILED = replace(ASKED, state=PageState.FAILED, why="PagerDuty is down", fallback=("Kim Park", "<#C0IMOC>"))

PAGES = (
    ASKED,
    SENT,
    replace(SENT, escalated_to="Kim Park"),
    replace(
        ASKED,
        state=PageState.FOLDED,
        folded_into=12,
        folded_for="INC-1",
        assigned="Raj Patel",
        joined_since=NOON,
    ),
    replace(ASKED, state=PageState.FOLDED, folded_into=12, joined_since=NOON),
    replace(ASKED, state=PageState.FOLDED, folded_into=12, joined_since=NOON, is_put_off=True),
    ACKNOWLEDGED,
    replace(ACKNOWLEDGED, state=PageState.RESOLVED, resolved_at=NOW),
    replace(FAILED, state=PageState.DELAYED),
    FAILED,
    replace(SENT, team=None, person="U0RAJ"),
    replace(ASKED, requested_by=None, incident=None),
    replace(ASKED, assigned=NOBODY, fallback=("Dana", "<#C0IMOC>")),
    replace(SENT, assigned=NOBODY),
    replace(SENT, assigned="Raj Patel", level=2),
    replace(SENT, assigned="Raj Patel", is_last_level=True),
    replace(SENT, answer="acknowledged", answer_by="U0RAJ", why="PagerDuty did not answer"),
    replace(ACKNOWLEDGED, shown_as="Spy", answer="resolved", answer_by="U0RAJ", why="no answer"),
    replace(ACKNOWLEDGED, state=PageState.SENT, answer="acknowledged", answer_by="U0RAJ"),
    replace(SENT, merged_into="Q9", url="https://acme.pagerduty.com/incidents/Q9"),
)

ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA"}

PAGED: dict[str, Any] = {"at": NOON, "page": 17, "whom": "<@U0RAJ>"}
