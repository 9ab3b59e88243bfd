"""Whether an incident can be merged into another one, and what it brings along.

What is decided here does not ask who may see what: `services.incident.merges` does.
"""

from datetime import datetime

from bot.domain.incident.incident import Incident
from bot.domain.incident.merging import MergedFrom
from bot.domain.refusal import Choice, Refusal


def comes_with(incident: Incident, *, into: Incident, by: str, at: datetime) -> MergedFrom:
    """Return what an incident brings to another one: what that one does not have yet."""
    urls, changes = {it.url for it in into.links}, {it.change for it in into.suspects}
    known = {it.key for it in into.components}
    return MergedFrom(
        at=at,
        by=by,
        other=incident.number,
        name=incident.name,
        channel=incident.channel,
        severity=incident.severity,
        links=tuple(it for it in incident.links if it.url not in urls),
        suspects=tuple(it for it in incident.suspects if it.change not in changes),
        told=tuple(it for it in incident.told if it not in into.told),
        services=tuple(it for it in incident.services if it not in into.services),
        components=tuple(it for it in incident.components if it.key not in known),
    )


def must_fit(incident: Incident, into: Incident) -> None:
    """Refuse to merge an incident into one with which it can't go on."""
    if incident.number == into.number:
        raise Refusal(
            f"{incident.id} can't be merged into itself. Name the other one: `incident merge 7`.", slot="into"
        )
    if incident.merged:
        raise Refusal(
            f"{incident.id} is merged into INC-{incident.merged.into} already, since {incident.merged.at:%H:%M} UTC."
        )
    if not incident.is_open:
        raise Refusal(
            f"{incident.id} is {incident.state}, so there is nothing to merge. "
            "If the problem is back, reopen it first.",
            choices=(Choice(label="Reopen it", say=f"incident {incident.number} reopen"),),
        )
    _must_go_on(incident, into)
    if incident.drill != into.drill:
        drill, real = (incident, into) if incident.drill else (into, incident)
        raise Refusal(f"{drill.id} is a drill and {real.id} is real, so they stay apart.", slot="into")
    _must_be_read_by_the_same(incident, into)


def _must_go_on(incident: Incident, into: Incident) -> None:
    if into.merged:
        further = into.merged.into
        raise Refusal(
            f"{into.id} is merged into INC-{further} itself. Merge into that one.",
            slot="into",
            choices=(
                Choice(label=f"Merge into INC-{further}", say=f"incident {incident.number} merge {further}"),
            ),
        )
    if not into.is_open:
        raise Refusal(
            f"{into.id} is {into.state}: nobody works on it. Reopen it first, or go on here.",
            slot="into",
            choices=(Choice(label=f"Reopen {into.id}", say=f"incident {into.number} reopen"),),
        )


def _must_be_read_by_the_same(incident: Incident, into: Incident) -> None:
    """Refuse a merge after which somebody reads what they may not: each incident's facts go to the other's people."""
    if incident.private != into.private:
        private, public = (incident, into) if incident.private else (into, incident)
        raise Refusal(
            f"{private.id} is private and {public.id} is not: merged, its facts would reach people who may not see "
            f"them. Make the channel of {public.id} private first, or keep both.",
            slot="into",
        )
    if not incident.private:
        return
    missing = [f"<@{it}> is not in {into.id}" for it in incident.members if it not in into.members]
    missing += [f"<@{it}> is not in {incident.id}" for it in into.members if it not in incident.members]
    if missing:
        raise Refusal(
            f"Both are private, and each may be read by its own people only: {'; '.join(missing[:5])}. "
            "Invite them there first, or keep both.",
            slot="into",
        )
