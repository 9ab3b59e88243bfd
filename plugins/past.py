"""Incidents that were handled without Spy: record one afterwards, with what was said meanwhile."""

from datetime import datetime

from bot.commands.arguments import PastTimes, Plain, ServiceNames
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.policy import Severity
from bot.services.incident.backfills import Backfills
from bot.services.incident.past import PastIncidents
from bot.services.postmortem.postmortems import Postmortems


@command('incident was "name" [<severity>] (<times>) [affects <services>] [anyway]')
def was(  # noqa: PLR0917  one a word of its usage line
    request: Request,
    name: Plain,
    severity: Severity | None,
    times: PastTimes,
    services: ServiceNames | None,
    anyway: bool,
    *,
    past: PastIncidents,
    postmortems: Postmortems,
) -> Reply:
    """Record an incident that is over: `incident was "checkout was down" 10:05-11:40`, in your time zone.

    It pages nobody. Its postmortem is owed as usual. `anyway` records one that has the same name and times.
    """
    incident = past.record(
        name,
        began=times.began,
        ended=times.ended,
        by=request.user,
        severity=severity,
        services=services or (),
        anyway=anyway,
    )
    return Reply("incident/recorded", {"incident": incident, "due": postmortems.due(incident)})


@command('incident was "name" [<severity>] from <began> to|until <ended> [affects <services>] [anyway]')
def was_from(  # noqa: PLR0917  one a word of its usage line
    request: Request,
    name: Plain,
    severity: Severity | None,
    began: datetime,
    ended: datetime,
    services: ServiceNames | None,
    anyway: bool,
    *,
    past: PastIncidents,
    postmortems: Postmortems,
) -> Reply:
    """The same in words. Spy asks about a time that it can't read."""
    times = PastTimes(began=began, ended=ended)
    return was(request, name, severity, times, services, anyway, past=past, postmortems=postmortems)  # type: ignore[return-value]


@command("incident backfill [<id>] [<times>] [from <since>] [to|until <until>]")
def backfill(
    request: Request,
    incident: Incident,
    times: PastTimes | None,
    since: datetime | None,
    until: datetime | None,
    *,
    backfills: Backfills,
) -> Reply:
    """Put what was said in this channel on the timeline: `incident backfill 12 from 10:05 to 11:40`.

    Without times it is the incident's own time. Said again, it adds nothing twice.
    """
    channel, began, ended = backfills.ask(
        incident,
        by=request.user,
        is_private=request.is_private,
        asked=request.id,
        since=times.began if times else since,
        until=times.ended if times else until,
    )
    facts = {"incident": incident, "channel": channel, "since": began, "until": ended}
    return Reply("incident/backfilling", facts)
