"""Sample facts for proposals of agents, in each state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.domain.proposal import LONGEST, Proposal, ProposalState, unusual

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TYPED = 'the <b>cart</b> is down & "out"'
"""In code, text is shown exactly as it is."""
OPEN = Proposal(
    number=7,
    words=f"inc-1 incident update {TYPED}",
    usage='incident update ["message"]',
    role="member",
    person="U0ANA",
    agent="Claude <b> on Ana's laptop",
    incident=1,
    place="C0ROOM",
    proposed_at=NOON,
    ends_at=NOON + timedelta(hours=1),
)
CYRILLIC = "\u0430"
KINDS = (
    OPEN,
    replace(OPEN, words="x" * LONGEST, place="U0ANA", needs_second=True),
    replace(OPEN, words=f"inc-1 incident hand @U0RAJ and {CYRILLIC}nna", incident=None, place="U0ANA"),
)
DECIDED: Mapping[str, Any] = {"decided_by": "U0RAJ", "decided_at": NOON}


def facts(incidents: Sequence[Incident]) -> dict[str, Sequence[Facts]]:
    """Return the cases of all messages about proposals."""
    states = [
        replace(OPEN, state=it, why=TYPED, **DECIDED) for it in ProposalState if it != ProposalState.OPEN
    ]
    shown = [_shown(it, about) for it in (*KINDS, *states) for about in (None, *incidents)]
    return {
        "proposal/proposal": [{"proposal": None}, *shown],
        "proposal/proposed": [
            {"proposal": it, "incident": about} for it in KINDS for about in (None, *incidents)
        ],
        "proposal/decided": [{"proposal": it} for it in states[:2]],
        "proposal/list": [{"found": Portion.of(KINDS * count, None)} for count in (0, 20)],
    }


def _shown(proposal: Proposal, incident: Incident | None) -> Facts:
    return {
        "proposal": proposal,
        "incident": incident,
        "unusual": unusual(proposal.words),
        "is_direct": proposal.place == proposal.person,
        "now": NOON,
    }
