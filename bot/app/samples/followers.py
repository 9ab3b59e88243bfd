"""Sample facts about who follows incidents, and what they are told."""

from collections.abc import Sequence
from dataclasses import replace

from bot.app.samples.events import facts_of
from bot.app.samples.merging import MERGED
from bot.app.samples.world import ABOUT, FULL, INCIDENTS, NEW, NOON, NOW, OVER, TYPED, Facts
from bot.domain.incident import events
from bot.domain.incident.following import Following, severity_subject
from bot.domain.incident.incident import Incident
from bot.testing import POLICY

OWN = Following(number=1, about=FULL.subject, person="U0RAJ", by="U0RAJ", since=NOON)
MAIL = replace(OWN, number=2, person=None, address="ceo@example.com", by="U0ANA")
STALLED = replace(MAIL, number=3, address="cfo@example.com", stalled=True)
OF_SEVERITY = replace(OWN, number=4, about=severity_subject("sev1"))
UPDATE: Facts = {**facts_of(events.UpdatePosted(**ABOUT, message=TYPED, next_due=NOON)), "line": 4}
NEWS: Sequence[Facts] = (
    {**facts_of(events.SeveritySet(**ABOUT, severity="sev1", before="sev2")), "line": 3},
    UPDATE,
    {**facts_of(events.Resolved(**ABOUT, how=TYPED)), "line": 5},
)


def _state(incident: Incident, *, update: Facts | None = UPDATE) -> Facts:
    return {"incident": incident, "update": update, "severities": list(POLICY.severities), "now": NOW}


def _told(incident: Incident) -> list[Facts]:
    first = {"following": OWN, "news": (), "left_out": 0, "is_first": True, "came_from": None}
    later = {"news": [{**it, "is_corrected": it is UPDATE} for it in NEWS], "is_first": False}
    return [
        {**_state(incident), **first},
        {**_state(incident, update=None), **first, "came_from": 42},
        {**_state(incident), **first, **later, "left_out": 3},
    ]


STATES = [it for incident in (*INCIDENTS, OVER, MERGED) for it in _told(incident)]
CASES: dict[str, Sequence[Facts]] = {
    "incident/followed": STATES,
    "incident/followed_state": STATES,
    "incident/followed_mail": [
        {**it, "by": "U0ANA", "unfollow": "https://spy.example.com/unfollow/2-x"} for it in STATES
    ],
    "incident/following": [
        {**_state(incident), "is_new": is_new, "address": address}
        for incident in INCIDENTS
        for is_new in (True, False)
        for address in (None, MAIL.address)
    ],
    "incident/followers": [
        {"incident": incident, "followers": followers}
        for incident in (FULL, NEW)
        for followers in ((), (OWN, MAIL, STALLED))
    ],
    "incident/followings": [{"followings": ()}, {"followings": ((OWN, FULL), (OF_SEVERITY, None))}],
    "incident/unmailed": [
        {"incident": FULL, "address": MAIL.address, "why": TYPED, "is_unknown": it} for it in (True, False)
    ],
    "incident/unfollowed": [
        {"incident": FULL, "is_new": is_new, "address": address}
        for is_new in (True, False)
        for address in (None, MAIL.address)
    ],
    **{
        f"incident/{name}": [
            {"subjects": ("checkout", TYPED), "is_new": is_new, "address": address}
            for is_new in (True, False)
            for address in (None, MAIL.address)
        ]
        for name in ("following_each", "unfollowed_each")
    },
}
