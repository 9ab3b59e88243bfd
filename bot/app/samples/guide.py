"""Sample facts for the step guide, at each of its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.incident import guide
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Passed, Phase

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANSWERED = Passed(by="U0ANA", at=NOON, answer="nothing changed")


def facts(incidents: Sequence[Incident], full: Incident, over: Incident) -> dict[str, Sequence[Facts]]:
    """Return the templates' facts. `full` is an open incident with every field set."""
    at_every_step = (
        *incidents,
        replace(full, impact=None, severity=None),
        replace(full, updated_at=None),
        replace(full, cause=None),
        replace(full, cause=None, phase=Phase.MITIGATED),
        replace(full, phase=Phase.MITIGATED),
        replace(over, phase=Phase.FALSE_ALARM),
    )
    passed = {"mitigate": Passed(by="U0RAJ", at=NOON), "changes": ANSWERED}
    return {
        "incident/step": [
            {"incident": it, "guide": guide.current(it), "answer": answer}
            for it in at_every_step
            for answer in (None, guide.NOTHING_CHANGED)
        ],
        "incident/checklist": [
            {"incident": it, "lines": guide.checklist(it, ()), "guide": guide.current(it)}
            for it in (*at_every_step, replace(full, steps=passed, cause=None))
        ],
    }
