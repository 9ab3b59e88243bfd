"""Sample facts for messages around runbooks. The runbooks themselves are tested in tests/runbook."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from bot.adapters.rendering.mrkdwn import Mrkdwn
from bot.domain.incident.incident import Incident
from bot.domain.lever import Lever, by_trouble
from bot.domain.portion import Portion
from bot.domain.runbook.runbook import Kind, Runbook, RunbookParameter
from bot.ports import FilledRunbook

Facts = Mapping[str, Any]
TYPED = 'the <!channel> is <b>down</b> & "out"'
RUNBOOK = Runbook(
    name="restart-db",
    title="Restart a database",
    description="Two minutes.",
    parameters=(
        RunbookParameter(name="region", kind=Kind.CHOICE, choices=("east", "west"), default="east"),
        RunbookParameter(name="why", kind=Kind.TEXT, optional=True, description="For the log"),
    ),
)
FILLED = FilledRunbook(
    text=Mrkdwn("1. Restart.\n\n```\nsudo it\n```"),
    values={"why": TYPED},
    url="https://spy.example.com/runbooks/x",
)
LEVERS = (
    Lever(
        kind="plan",
        name="pod",
        title="",
        relieves=("lost region", "load"),
        say="failover pod <pod> to <location>",
        rehearse="failover rehearse pod <pod> to <location>",
        rehearsed_at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
    ),
    Lever(
        kind="runbook",
        name="restart-db",
        title="Restart a database",
        relieves=("load",),
        say="runbook restart-db",
        rehearse="runbook restart-db",
    ),
)
FORMS: dict[str, Facts] = {
    "runbook/fill": {"runbook": asdict(RUNBOOK), "said": {"why": TYPED}, "wrong": {"why": TYPED}}
}


def facts(full: Incident) -> dict[str, Sequence[Facts]]:
    """Return the templates' facts, inside and outside an incident."""
    return {
        "runbook/filled": [
            {"runbook": RUNBOOK, "filled": it, "incident": incident}
            for it in (FILLED, replace(FILLED, left_out=2, values={}), replace(FILLED, left_out=1, url=None))
            for incident in (full, None)
        ],
        "runbook/levers": [{"groups": by_trouble(LEVERS, only)} for only in (None, "load", "data")],
        "runbook/lever_rehearsed": [{"lever": LEVERS[0]}],
        "runbook/lever_due": [{"levers": them, "days": 90} for them in (LEVERS[:1], LEVERS * 12)],
        "runbook/list": [
            {"found": Portion.of((RUNBOOK, replace(RUNBOOK, description="")), 1, 1), "mistakes": ()},
            {"found": Portion.of((), 1), "mistakes": ("runbooks/x.md.j2:3: title is missing.",)},
        ],
    }
