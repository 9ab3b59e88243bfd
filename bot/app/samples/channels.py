"""Sample facts for messages about channels that are closed, reopened, made private or moved."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from bot.domain.event import Event
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import ClosedChannel

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ABOUT: dict[str, Any] = {"at": NOON, "by": "U0RAJ"}
WAYS: Sequence[events.Closing] = get_args(events.Closing)
HAPPENED: tuple[Event, ...] = (
    *(events.ChannelClosed(**ABOUT, channel="C0ROOM", how=how) for how in WAYS),
    *(events.ChannelClosed(at=NOON, channel="C0ROOM", how=how) for how in WAYS),
    events.ChannelReopened(**ABOUT),
    events.ChannelReopened(at=NOON),
    events.ChannelMoved(at=NOON, channel="C0NEW", before="C0ROOM"),
    events.MadePrivate(**ABOUT),
    events.MadePrivate(at=NOON),
    events.PersonLeft(at=NOON, person="U0RAJ"),
    events.ResponderLeft(at=NOON, person="U0RAJ", led=True, roles=("scribe",)),
    events.ResponderLeft(at=NOON, person="U0RAJ", roles=("scribe", "comms lead")),
    events.DeliveryMended(at=NOON, what="The announcement in <#C0INCIDENTS>"),
)
PLACES: Sequence[Facts] = (
    {"channel": "C0INCIDENTS", "announces": True, "teams": ()},
    {"channel": "C0PAY", "announces": False, "teams": ("payments", "orders")},
)


def closings() -> list[ClosedChannel]:
    return [
        ClosedChannel(how=how, at=NOON, by=by, asked=("U0ANA",)) for how in WAYS for by in ("U0RAJ", None)
    ]


def facts(incidents: Sequence[Incident], full: Incident) -> dict[str, Sequence[Facts]]:
    """Return the templates' facts. `full` is an open incident with every field set."""
    line = {**asdict(HAPPENED[0]), "kind": "channel_closed", "incident": 42, "permalink": None, "line": 3}
    period = {"incident": full, "since": NOON, "until": NOON + timedelta(minutes=9)}
    sources = ("archived", "deleted", "left", "refused", "moved")
    return {
        "incident/aside": [{"incident": replace(full, channel_closed=it)} for it in (None, *closings())],
        "incident/put_out": [{"incident": it, "by": by} for it in (full,) for by in ("U0RAJ", None)],
        "incident/closed_channel": [
            {"incident": it, "closed": closed} for it in incidents for closed in (None, *closings())
        ],
        "incident/late": [
            {"events": [line] * count, "drill": drill} for count in (1, 3) for drill in (True, False)
        ],
        "incident/missed": [
            {**period, "events": [], "count": 0},
            {**period, "events": [line], "count": 1},
            {**period, "events": [line] * 2, "count": 40},
        ],
        "shared/channel": [
            {**place, "how": how, "by": by, "why": "is_archived", "moved_to": "C0NEW", "since": NOON}
            for place in PLACES
            for how in sources
            for by in ("U0RAJ", None)
        ],
        "shared/channel_over": [{**place, "why": "x", "since": NOON} for place in PLACES],
    }
