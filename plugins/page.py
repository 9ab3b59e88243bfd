"""Pages: page a team or a person, acknowledge and resolve pages."""

from bot.commands.arguments import Someone
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request, Source
from bot.domain.incident.incident import Incident
from bot.domain.policy import Team
from bot.domain.refusal import Choice, Refusal
from bot.services.paging.paging import Paging
from bot.services.people import People
from bot.services.transaction import Transaction


@command('page (:team|@person) "message"')
def page(
    request: Request,
    incident: Incident | None,
    team: Team | None,
    person: Someone | None,
    message: str,
    *,
    paging: Paging,
    people: People,
) -> Reply:
    """Page a team's on-call person, or one person."""
    if incident and not incident.is_open and request.source is Source.BUTTON and request.incident:
        raise _over(incident, team, person, message)
    here = request.channel or request.user
    if team:
        sent = paging.page_team(team, message, by=request.user, incident=incident, channel=here)
    elif person:
        sent = paging.page_person(person, message, by=request.user, incident=incident, channel=here)
    else:
        raise Refusal("Page whom? Name a team (:imoc) or a person (@raj).")
    facts = {"page": sent, "incident": incident, "manager": people.manager(team)}
    return Reply("paging/requested", facts, confirms=True)


@command("pager new")
def ask(incident: Incident | None, *, tx: Transaction) -> Fill:
    """Page a team or a person, by a form."""
    pageable = [it.key for it in tx.policy.teams.values() if it.service]
    return Fill("paging/page", "page", {"incident": incident, "teams": [f":{key}" for key in pageable]})


def _over(incident: Incident, team: Team | None, person: Someone | None, message: str) -> Refusal:
    """Ask before an old button of a finished incident pages someone."""
    whom = f":{team.key}" if team else f"<@{person}>"
    return Refusal(
        f"{incident.id} is {incident.state}, so nobody is paged.",
        choices=(
            Choice(label="Page all the same", say=f"page {whom} {message}"),
            Choice(label="Reopen it", say=f"incident {incident.number} reopen"),
        ),
    )


@command("pager (ack|acknowledge) [<page>]")
def acknowledge(request: Request, incident: Incident | None, page: str | None, *, paging: Paging) -> Reply:
    """Acknowledge a page. In an incident's channel with one page, you can leave out the number."""
    found = paging.find(page or "", incident=incident, asker=request.user)
    paging.acknowledge(found, by=request.user)
    return Reply("paging/asked", {"page": found, "what": "acknowledge", "incident": incident})


@command("pager resolve [<page>]")
def resolve(request: Request, incident: Incident | None, page: str | None, *, paging: Paging) -> Reply:
    """Resolve a page."""
    found = paging.find(page or "", incident=incident, asker=request.user)
    paging.resolve(found, by=request.user)
    return Reply("paging/asked", {"page": found, "what": "resolve", "incident": incident})
