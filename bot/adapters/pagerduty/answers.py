"""Turn PagerDuty's answers into values of Spy's ports, and references into PagerDuty's JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from bot.adapters.pagerduty.reading import (
    Acknowledgement,
    IncidentBody,
    OnCallEntry,
    ScheduleEntry,
    User,
    each,
    read,
)
from bot.domain.foreign import inert
from bot.ports import OnCallShift, Rejected, Ringing, Unreachable

JSON = Mapping[str, Any]


def reference(kind: str, ident: str) -> JSON:
    return {"id": ident, "type": f"{kind}_reference"}


def part(given: Any, name: str) -> Any:
    """Return a part of an answer. Raise Unreachable if it is missing: a proxy may have answered instead."""
    if not isinstance(given, dict) or name not in given:
        raise Unreachable(f"PagerDuty's answer has no {name}: is something in between?")
    return given[name]


def final_entries(given: Any, name: str) -> Any:
    """Return who is on call when, from the answer about a schedule.

    Raise Rejected if it has no such list: the schedule is of the other kind.
    """
    schedule = given.get("schedule") if isinstance(given, dict) else None
    final = schedule.get("final_schedule") if isinstance(schedule, dict) else None
    if not isinstance(final, dict) or name not in final:
        raise Rejected("other_kind", f"PagerDuty's answer about a schedule has no {name}.")
    return final[name]


def page_in(given: Any) -> Ringing:
    if found := read(IncidentBody, part(given, "incident")):
        return ringing(found)
    raise Unreachable("PagerDuty's answer is not as PagerDuty describes it")


def ringing(incident: IncidentBody) -> Ringing:
    last = next(reversed([*each(Acknowledgement, incident.acknowledgements)]), None)
    acknowledged = last if incident.status == "acknowledged" else None
    who = acknowledged.acknowledger if acknowledged else incident.last_status_change_by
    return Ringing(
        id=incident.id,
        url=incident.html_url or "",
        status=incident.status,
        key=incident.incident_key,
        who=who.called if who and incident.status != "triggered" else None,
        user=who.id if who and who.is_person and incident.status != "triggered" else None,
        at=(acknowledged.at if acknowledged else None) or incident.last_status_change_at,
        assigned=incident.assigned,
        merged_into=incident.goes_on_as.id if incident.goes_on_as else None,
        merged_url=incident.goes_on_as.html_url if incident.goes_on_as else None,
    )


def on_call_shift(on_call: OnCallEntry, *, phone: str | None) -> OnCallShift:
    return OnCallShift(
        policy=on_call.escalation_policy.id,
        level=on_call.escalation_level,
        name=on_call.user.called,
        email=on_call.user.email,
        phone=phone,
        start=on_call.start,
        end=on_call.end,
        user=on_call.user.id,
    )


def covers(entry: ScheduleEntry, user: User, start: datetime, end: datetime) -> bool:
    return entry.user.id == user.id and entry.start <= start and entry.end >= end


def overridden(outcomes: Any) -> ScheduleEntry:
    """Return the override that was made; raise Rejected if none was."""
    outcome = outcomes[0] if isinstance(outcomes, list) and outcomes else outcomes
    if part(outcome, "status") != HTTPStatus.CREATED:
        why = "; ".join(str(it) for it in outcome.get("errors") or ())
        raise Rejected(
            "no_override", "PagerDuty made no override", detail=f": {inert(str(why or outcome['status']))}"
        )
    if made := read(ScheduleEntry, part(outcome, "override")):
        return made
    raise Unreachable("PagerDuty's answer is not as PagerDuty describes it")


def mark(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
