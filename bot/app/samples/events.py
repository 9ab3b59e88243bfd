"""Sample events: at least one of each kind that people see."""

from collections.abc import Sequence
from dataclasses import asdict

from bot.app.samples import alert as sample_alert
from bot.app.samples import changes as sample_changes
from bot.app.samples import channels as sample_channels
from bot.app.samples import failover as sample_failover
from bot.app.samples import merging as sample_merging
from bot.app.samples import postmortems as sample_postmortems
from bot.app.samples import status as sample_status
from bot.app.samples.made import event_of
from bot.app.samples.world import ABOUT, HALF_HOUR, NOON, NOW, PAGED, TYPED, Facts
from bot.domain.event import EVENT_KINDS, Event
from bot.domain.incident import events, reminder_events
from bot.domain.incident.timeline import LineEdit
from bot.domain.paging import events as paging_events
from bot.domain.relief import events as relief_events
from bot.domain.runbook.events import RunbookOpened

EDITS = (LineEdit(what="edited", by="U0ZOE", at=NOON), LineEdit(what="edited", by=None, at=NOON))
LISTED: tuple[Event, ...] = (
    events.Declared(**ABOUT, name=TYPED, severity="sev1", private=True),
    events.Declared(**ABOUT, name=TYPED, services=("checkout", "search")),
    events.Declared(at=NOON, name=TYPED, commander="U0ANA"),
    events.ServicesAffected(**ABOUT, services=("checkout", "search")),
    events.ServicesCleared(**ABOUT, services=("search",)),
    events.ChannelOpened(at=NOON, channel="C0ROOM", channel_name="inc-42"),
    events.PersonJoined(at=NOON, person="U0RAJ"),
    events.PersonInvited(at=NOON, person="U0RAJ"),
    events.SeveritySet(**ABOUT, severity="sev1", before=None),
    events.SeveritySet(**ABOUT, severity="sev1", before="sev2"),
    events.PhaseChanged(**ABOUT, phase="mitigated", before="triage"),
    events.UpdatePosted(**ABOUT, message=TYPED, next_due=NOON + HALF_HOUR),
    events.UpdatePosted(**ABOUT, message=TYPED, next_due=None),
    events.TimelineEdited(**ABOUT, what="edited", lines=(7,), authors=("U0RAJ",), into=9, was=TYPED),
    events.TimelineEdited(**ABOUT, what="moved", lines=(7,), authors=("U0RAJ",), into=9, was_at=NOON),
    events.TimelineEdited(**ABOUT, what="hidden", lines=(7, 8)),
    events.NoteRemoved(**ABOUT, message="1.0", supersedes=3),
    events.Resolved(**ABOUT, how=TYPED),
    events.Resolved(at=NOON),
    events.StillBroken(**ABOUT, words=TYPED, asked="U0ANA"),
    sample_status.TOLD,
    events.StillBroken(**ABOUT),
    events.CommandTaken(**ABOUT, commander="U0ANA", before=None),
    events.CommandTaken(**ABOUT, commander="U0ANA", before="U0RAJ"),
    events.CommandOffered(**ABOUT, to="U0ANA"),
    events.CommandOffered(**ABOUT, to="U0RAJ"),
    events.CommandOffered(**ABOUT, to="U0RAJ", instead_of="U0KIM"),
    events.PersonUnavailable(
        at=NOON, person="U0RAJ", led=True, roles=("scribe",), follow_ups=(3, 5), postmortem=True
    ),
    events.PersonUnavailable(at=NOON, person="U0RAJ", is_bot=True, offered=True),
    paging_events.PageRequested(**PAGED, by="U0ANA", message=TYPED),
    paging_events.PageFolded(**PAGED, into=12, joined="INC-1", assigned="Raj Patel", since=NOON),
    paging_events.PageFolded(**PAGED, into=12, joined=None, assigned=None, since=NOON),
    paging_events.PageFolded(**PAGED, into=12, joined=None, assigned=None, since=NOON, is_put_off=True),
    paging_events.PageReleased(**PAGED, was_with=12, why="resolved"),
    paging_events.PageReleased(**PAGED, was_with=12, why="sent"),
    paging_events.PageReleased(**PAGED, was_with=12, why="over"),
    paging_events.PageReleased(**PAGED, was_with=12, why="acknowledged"),
    paging_events.PageReleased(**PAGED, was_with=12, why="less severe"),
    paging_events.PageSent(**PAGED, pager_id="PD1", url="https://example.com"),
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
    paging_events.PageDelayed(**PAGED, why="no answer", fallback=("Kim Park",)),
    paging_events.PageFailed(**PAGED, why="no answer"),
    paging_events.PageWithdrawn(**PAGED),
    events.TeamNotified(**ABOUT, notice=5, team="payments", message=TYPED),
    events.TeamNoticeSeen(**ABOUT, notice=5, team="payments"),
    relief_events.ReliefPutOff(**ABOUT, until=NOON + HALF_HOUR),
    reminder_events.Reminded(
        at=NOON, reminder="update_due", occurrence="1.0", mark="1", to="U0ANA", due_at=NOON, late=True
    ),
    reminder_events.Snoozed(**ABOUT, reminder="update_due", mark="1", until=NOW),
    events.StepPassed(**ABOUT, step="clean_up"),
    events.StepPassed(**ABOUT, step="changes", answer="nothing changed"),
    RunbookOpened(**ABOUT, runbook="restart-db", title=TYPED),
    *sample_postmortems.HAPPENED,
    *sample_failover.HAPPENED,
    *sample_alert.HAPPENED,
    *sample_changes.HAPPENED,
    *sample_channels.HAPPENED,
    *sample_merging.HAPPENED,
)
"""Those with values or states of their own. The others are made from their fields."""
HAPPENED: tuple[Event, ...] = (
    *(
        event_of(it)
        for it in EVENT_KINDS.values()
        if it.shown_in and it not in {type(event) for event in LISTED}
    ),
    *LISTED,
)


def facts_of(event: Event) -> Facts:
    return {
        **asdict(event),
        "kind": event.kind(),
        "incident": 42,
        "permalink": "https://example.com/p",
        "line": 7,
        "edits": EDITS,
    }


CASES: dict[str, Sequence[Facts]] = {
    "events/unknown": [{"e": {**ABOUT, "kind": "pigeon_sent", "text": text}} for text in ("", TYPED)],
} | {
    f"events/{kind}": [
        {"e": facts_of(it), "drill": drill} for it in HAPPENED if it.kind() == kind for drill in (True, False)
    ]
    for kind in dict.fromkeys(it.kind() for it in HAPPENED)
}
