"""Incidents: open one, show its state, post updates, hand over, resolve."""

from datetime import datetime, timedelta
from typing import Annotated

from bot.commands.arguments import (
    Began,
    Line,
    PageNumber,
    Plain,
    PlainTime,
    RecentTime,
    ServiceNames,
    Someone,
    Start,
    Url,
    began,
    number_of,
    one_of,
)
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request, Source
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import must_be_words
from bot.domain.incident.role import find
from bot.domain.incident.search import ALL, OPEN, OVER, Search
from bot.domain.incident.state import WORKING, Phase
from bot.domain.moment import looks_timely
from bot.domain.policy import Severity, Team
from bot.domain.portion import Portion
from bot.domain.refusal import Refusal
from bot.domain.status.ending import must_be_well
from bot.services.incident.doubles import Doubles
from bot.services.incident.incidents import Incidents
from bot.services.incident.origins import Origins
from bot.services.incident.team_notices import TeamNotices
from bot.services.incident.views import Views
from bot.services.permissions import Permissions
from bot.services.postmortem.postmortems import Postmortems
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

NAMED = 50
"""Most people in one command."""
PHASES = {"open": OPEN, "resolved": OVER, "closed": OVER, "past": OVER, "all": ALL}
Which = Annotated[str, one_of(*PHASES)]
TeamNoticeNumber = Annotated[int, number_of("a message to a team")]

# --- beginning and end ---


@command(
    'incident (me|start me|open|new|declare) ["name"] [<severity>] [affects <services>] [private] [drill] [anyway]'
)
def declare(  # noqa: PLR0917  one a word of its usage line
    request: Request,
    name: Plain | None,
    severity: Severity | None,
    services: ServiceNames | None,
    private: bool,
    drill: bool,
    anyway: bool,
    *,
    incidents: Incidents,
    doubles: Doubles,
    origins: Origins,
    tx: Transaction,
) -> Reply | Fill:
    """Open an incident with you in command: its channel, its card, the announcement, the pages.

    If one with this name is open, you can join it instead; `anyway` opens another. `affects checkout` names services.
    """
    if not name:
        values = {"severity": severity.key if severity else None, "private": private, "drill": drill}
        choices = {"severities": list(tx.policy.severities), "services": list(tx.policy.services)}
        said = {**values, "services": ", ".join(services or ()), **origins.proposal(request.origin)}
        return Fill("incident/declare", "incident me", {**choices, "said": said})
    must_be_words(name, anyway=anyway)
    declared = incidents.declare(
        name,
        by=request.user,
        severity=severity,
        private=private,
        drill=drill,
        anyway=anyway,
        services=services or (),
        origin=request.origin,
    )
    incident = declared.incident
    if not declared.is_new:
        is_double_click = doubles.is_double_click(incident, request.user)
        facts = {"incident": incident, "is_double_click": is_double_click, "asker": request.user}
        said = {"name": name, "severity": severity, "services": services or (), "origin": request.origin}
        return Reply("incident/open_already", {**facts, **said, "now": tx.now})
    incident = origins.link(incident, request.origin, by=request.user)
    elsewhere = request.channel != tx.policy.announce and not private
    facts = {
        "incident": incident,
        "announce": tx.policy.announce,
        "pages": tx.session.pages.of(incident.number),
        "severities": list(tx.policy.severities),
    }
    return Reply("incident/declared", facts, shared=elsewhere)


@command("incident join [<id>]")
def join(request: Request, incident: Incident, *, incidents: Incidents) -> Reply:
    """Join the incident's channel."""
    is_new = incidents.join(incident, by=request.user)
    return Reply("incident/joined", {"incident": incident, "is_new": is_new})


@command('incident (stop|resolve|close) ["how"] [anyway]', allow="responder")
def stop(
    request: Request,
    incident: Incident,
    how: Line | None,
    anyway: bool,
    *,
    incidents: Incidents,
    views: Views,
    postmortems: Postmortems,
) -> Reply | Fill:
    """Resolve the incident and its pages. Say how it was fixed if you can. Then comes the postmortem.

    If customers still read that something does not work, Spy asks first; `anyway` resolves it all the same.
    """
    if how is None and request.may_ask_back and incident.is_open:
        if not anyway:
            must_be_well(incident, ending="stop")
        return Fill("incident/resolve", f"incident stop{' anyway' if anyway else ''}", {"incident": incident})
    incident = incidents.resolve(incident, how or "", by=request.user, anyway=anyway)
    return Reply("incident/stopped", {**views.card(incident.number), "due": postmortems.due(incident)})


@command("incident reopen [<id>]", allow="responder")
def reopen(request: Request, incident: Incident, *, incidents: Incidents) -> Reply:
    """Reopen a resolved incident in the same channel."""
    return Reply(
        "incident/done",
        {"incident": incidents.reopen(incident, by=request.user), "what": "reopened"},
        confirms=True,
    )


@command('incident (cancel|false alarm) ["why"] [anyway]', allow="responder")
def cancel(
    request: Request, incident: Incident, why: Line | None, anyway: bool, *, incidents: Incidents
) -> Reply:
    """Close the incident as a false alarm. `anyway`: also while customers read that something does not work."""
    incident = incidents.cancel(incident, why or "", by=request.user, anyway=anyway)
    return Reply("incident/done", {"incident": incident, "what": "cancelled"}, confirms=True)


# --- the state --------------------------------------------------------------------------------------------


@command("incident tldr|summary [<id>]", allow="everyone", reads=True)
def tldr(request: Request, incident: Incident, *, views: Views) -> Reply:
    """Show the whole state on one screen. Only you see it, unless you asked in public."""
    aloud = {"shared": True} if request.source in {Source.MENTION, Source.PLAIN} else {}
    return Reply("incident/tldr", {**views.tldr(incident), **aloud})


@command("incident share tldr|summary [<id>]", allow="everyone")
def share(incident: Incident, *, views: Views) -> Reply:
    """Show the whole state to everyone here."""
    return Reply("incident/tldr", {**views.tldr(incident), "shared": True}, shared=True)


@command(
    'incident list [<which>] [:team] [<severity>] [since|from <since>] [<recent>] ["words"] [page <page>]',
    allow="everyone",
    reads=True,
)
def listing(  # noqa: PLR0917  one a word of its usage line
    request: Request,
    which: Which | None,
    team: Team | None,
    severity: Severity | None,
    since: Start | None,
    recent: RecentTime | None,
    words: str | None,
    page: PageNumber | None,
    *,
    incidents: Incidents,
    access: ReadAccess,
    tx: Transaction,
) -> Reply:
    """List the open incidents; `incident list resolved :payments since 2026-11-01 "cart"` finds past ones.

    `all` lists open and past ones. A team means: it was paged or told. Words are searched in the name, the impact,
    the cause and the resolution. `page 2` shows the next page.
    """
    which = which or "open"
    wanted = Search(
        seen_by=request.user,
        phases=PHASES[which],
        team=team.key if team else None,
        severity=severity.key if severity else None,
        since=since or recent,
        words=tuple((words or "").replace('"', " ").split()),
    )
    wanted = access.search(wanted)
    found = incidents.listed(wanted, page)
    facts = {"found": found, "incidents": found.items, "which": which, "wanted": wanted, "now": tx.now}
    return Reply("incident/list", facts, shared=not incidents.has_private(wanted))


@command("incident who [<id>] [page <page>]", allow="everyone", reads=True)
def who(incident: Incident, page: PageNumber | None, *, views: Views) -> Reply:
    """Show who does what: commander, roles, paged people, people in the channel."""
    members = Portion.of(incident.members, page, NAMED)
    return Reply("incident/who", {**views.card(incident.number), "members": members}, shared=True)


# --- what is happening ------------------------------------------------------------------------------------


@command('incident update ["message"]')
def update(
    request: Request, incident: Incident, message: str | None, *, incidents: Incidents, tx: Transaction
) -> Reply | Fill:
    """Post a status update to everyone who follows, and promise the next one."""
    if not message:
        incident.must_be_open()
        facts = {"incident": incident, "phases": list(WORKING), "severities": list(tx.policy.severities)}
        return Fill("incident/update", "incident report", facts)
    incident = incidents.post_update(incident, message, by=request.user)
    return Reply("incident/updated", {"incident": incident}, confirms=True)


@command(
    'incident report [status <phase>] [sev <severity>] [next <span>] [impact "impact"] "message"',
    claims_short=False,
)
def report(  # noqa: PLR0917  one a field of its form
    request: Request,
    incident: Incident,
    phase: Phase | None,
    severity: Severity | None,
    span: timedelta | None,
    impact: Line | None,
    message: str,
    *,
    incidents: Incidents,
    permissions: Permissions,
) -> Reply:
    """Post an update and change what is new with it, like the *Update* form: phase, severity, impact, next time."""
    incident.must_be_open()
    is_new_severity = severity is not None and severity.key != incident.severity
    if is_new_severity or (phase and phase is not incident.phase):
        permissions.require(request.user, "responder", "A change of severity or phase", incident)
    if severity and is_new_severity:
        incident = incidents.set_severity(incident, severity, by=request.user)
    if phase and phase is not incident.phase:
        incident = incidents.move_to(incident, phase, by=request.user)
    if impact:
        incident = incidents.state_impact(incident, impact, by=request.user, since=None)
    incident = incidents.post_update(incident, message, by=request.user, next_in=span)
    return Reply("incident/updated", {"incident": incident}, confirms=True)


@command('incident note "text" [(at <at>|<when>)]', allow="everyone")
def note(
    request: Request,
    incident: Incident,
    text: str,
    at: datetime | None,
    when: PlainTime | None,
    *,
    incidents: Incidents,
) -> Reply:
    """Put a note on the timeline; `at 10:05` sets its time. A 📝 on a message notes that message at its own time."""
    then = at or when
    noted = incidents.note(incident, text, by=request.user, at=then)
    return Reply("incident/done", {"incident": noted, "what": "noted", "at": then}, confirms=then is None)


@command("incident sev|severity <severity>", allow="responder")
def severity(request: Request, incident: Incident, severity: Severity, *, incidents: Incidents) -> Reply:
    """Set the severity."""
    incident = incidents.set_severity(incident, severity, by=request.user)
    return Reply("incident/done", {"incident": incident, "what": "severity"}, confirms=True)


@command("incident status|phase <phase>", allow="responder", claims_short=False)
def status(request: Request, incident: Incident, phase: Phase, *, incidents: Incidents) -> Reply:
    """Set the phase: triage, investigating, identified, mitigated or monitoring."""
    incident = incidents.move_to(incident, phase, by=request.user)
    return Reply("incident/done", {"incident": incident, "what": "phase"}, confirms=True)


@command('incident impact "impact" [(since <since>|<when>)]')
def impact(
    request: Request,
    incident: Incident,
    impact: Line,
    since: datetime | None,
    when: Began | None,
    *,
    incidents: Incidents,
    tx: Transaction,
) -> Reply:
    """State who is affected and how. `since 10:05` is in your own time zone, `since 20m` counts back.

    `impact since 10:05` alone changes when the impact began.
    """
    begun = impact.casefold().removeprefix("since ")
    if begun != impact.casefold() and looks_timely(begun):
        if incident.impact is None:
            raise Refusal(
                f'Who is affected? Try `incident impact "half of EU" since {begun}`.', slot="impact"
            )
        since, impact = began(impact, tx, request.user), Line(incident.impact)
    incident = incidents.state_impact(incident, impact, by=request.user, since=since or when)
    return Reply("incident/impact", {"incident": incident}, confirms=True)


@command('incident cause "cause"')
def cause(request: Request, incident: Incident, cause: Line, *, incidents: Incidents) -> Reply:
    """Set the suspected cause. You can change it later."""
    incident = incidents.suspect_cause(incident, cause, by=request.user)
    return Reply("incident/done", {"incident": incident, "what": "cause"}, confirms=True)


@command('incident link <url> ["title"]')
def link(
    request: Request, incident: Incident, url: Url, title: Plain | None, *, incidents: Incidents
) -> Reply:
    """Save a link with the incident: a graph, a document, a call."""
    incident = incidents.add_link(incident, url, by=request.user, title=title or "")
    return Reply("incident/done", {"incident": incident, "what": "link"}, confirms=True)


@command("incident links [<id>]", allow="everyone", reads=True)
def links(incident: Incident) -> Reply:
    """Show every saved link of the incident."""
    return Reply("incident/links", {"incident": incident}, shared=True)


@command('incident tell :team "message"')
def tell(request: Request, incident: Incident, team: Team, message: str, *, notices: TeamNotices) -> Reply:
    """Tell another team in its own channel. You see here who has seen it."""
    notice = notices.notify(incident, team, message, by=request.user)
    return Reply("incident/told", {"notice": notice, "team": team, "incident": incident}, confirms=True)


@command("incident seen <number>")
def seen(request: Request, number: TeamNoticeNumber, *, notices: TeamNotices) -> Reply:
    """Confirm that you have seen a message to your team, like its *Seen* button."""
    seen = notices.see(number, by=request.user, channel=request.channel)
    return Reply("incident/seen", {"notice": seen})


# --- who leads ---


@command("incident take", unless="somebody leads: then a responder")
def take(request: Request, incident: Incident, *, incidents: Incidents, views: Views) -> Reply:
    """Take command. If someone has it, you first get a brief; then press *I have command*."""
    incident = incidents.take_command(incident, by=request.user)
    if incident.commander == request.user:
        return Reply("incident/done", {"incident": incident, "what": "taken"}, confirms=True)
    return Reply("incident/brief", views.brief(incident.number))


@command("incident hand|handover [@person]", allow="responder")
def hand(
    request: Request, incident: Incident, person: Someone | None, *, incidents: Incidents
) -> Reply | Fill:
    """Offer command to someone. You stay commander until they press *I have command*."""
    if not person:
        incident.must_be_open()
        return Fill("incident/hand", "incident hand", {"incident": incident})
    before = incident.command_offered_to
    incident = incidents.offer_command(incident, person, by=request.user)
    facts = {"incident": incident, "to": person, "instead_of": before if before != person else None}
    return Reply("incident/offered", facts, confirms=True)


@command("incident accept [<id>]")
def accept(request: Request, incident: Incident, *, incidents: Incidents) -> Reply:
    """Accept an offer of command: *I have command*."""
    incident = incidents.accept_command(incident, by=request.user)
    return Reply("incident/done", {"incident": incident, "what": "taken"}, confirms=True)


@command("incident decline [<id>]", allow="everyone")
def decline(request: Request, incident: Incident, *, incidents: Incidents) -> Reply:
    """Decline an offer of command. The commander stays the same."""
    incident = incidents.decline_command(incident, by=request.user)
    return Reply("incident/done", {"incident": incident, "what": "declined"}, confirms=True)


@command('incident role "role" @person [anyway]', allow="responder")
def role(
    request: Request, incident: Incident, role: str, person: Someone, anyway: bool, *, incidents: Incidents
) -> Reply:
    """Give someone a role, such as scribe or comms lead. `anyway` allows a role that is not configured."""
    incident = incidents.give_role(incident, role, person, by=request.user, anyway=anyway)
    given = find(role, incident.roles) or role
    return Reply("incident/role", {"incident": incident, "role": given, "person": person}, confirms=True)
