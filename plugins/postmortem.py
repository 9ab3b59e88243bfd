"""Postmortems: show what is missing, write, export, close the review."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.commands.arguments import Line, Part, Someone
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.follow_up import Category
from bot.domain.postmortem.postmortem import PARTS
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import shortened
from bot.services.people import People
from bot.services.postmortem.claims import Claims
from bot.services.postmortem.documents import Documents
from bot.services.postmortem.postmortems import Postmortems

END_OF_DAY = 18
"""The local hour by which something is done that is due on a day."""


@command("postmortem [<id>]", allow="everyone", reads=True)
def preview(
    request: Request, incident: Incident | None, *, documents: Documents, postmortems: Postmortems
) -> Reply:
    """Show the postmortem: what is known, what is missing, who writes it, and when it is due."""
    if incident is None:
        raise postmortems.pick(asker=request.user)
    return Reply("postmortem/preview", documents.preview(incident))


@command("postmortem export [<id>] [dry|--dry-run]")
def export(
    request: Request, incident: Incident | None, dry: bool, *, documents: Documents, postmortems: Postmortems
) -> Reply:
    """Create or update its issue. People's own text there stays. `dry` only shows the Markdown."""
    if incident is None:
        raise postmortems.pick(asker=request.user, rest="export dry" if dry else "export")
    if dry:
        return Reply("postmortem/draft", {"incident": incident}, document=documents.document(incident))
    repository = postmortems.repository(incident)
    before = postmortems.export(incident, by=request.user)
    return Reply(
        "postmortem/exporting", {"incident": incident, "postmortem": before, "repository": repository}
    )


@command("postmortem check [<id>]", allow="everyone", reads=True)
def check(request: Request, incident: Incident | None, *, claims: Claims, postmortems: Postmortems) -> Reply:
    """Compare its sentences with the timeline: times, lengths, people and order. Nothing is changed."""
    if incident is None:
        raise postmortems.pick(asker=request.user, rest="check")
    return Reply("postmortem/checked", claims.checked(incident), discreet=True)


@command('postmortem write [<part>] ["words"]')
def write(
    request: Request,
    incident: Incident | None,
    part: Part | None,
    words: str | None,
    *,
    postmortems: Postmortems,
) -> Reply | Fill:
    """Write a part that nobody but a person can: summary, trigger, causes, surprised, helped, hindered, lucky, …"""
    if incident is None:
        raise postmortems.pick(asker=request.user, rest="write")
    if words and not part:
        raise _which_part(incident, words)
    if not (part and words):
        written = postmortems.of(incident).parts
        return Fill(
            "postmortem/write", "postmortem write", {"incident": incident, "parts": PARTS, "written": written}
        )
    before = postmortems.of(incident).written_by.get(part.casefold())
    incident = postmortems.write(incident, part.casefold(), words, by=request.user)
    facts = {"incident": incident, "part": part.casefold(), "what": PARTS, "before_by": before}
    return Reply("postmortem/written", facts)


def _which_part(incident: Incident, words: str) -> Refusal:
    """Ask which part the words are for. The buttons keep the text. Words before a quote are an unknown part's name."""
    named, quote, rest = words.partition('"')
    typed = rest.rstrip('"') if quote else words
    choices = tuple(
        Choice(label=it, say=f'inc-{incident.number} postmortem write {it} "{typed}"') for it in PARTS
    )
    if quote:
        return Refusal(
            f"A postmortem has no part {shortened(named.strip())}. Parts: {', '.join(PARTS)}.",
            choices=choices,
        )
    return Refusal("Which part is that? Choose it here, or write it before the text.", choices=choices)


@command('postmortem none [<category>] ["because"]')
def none(
    request: Request,
    incident: Incident | None,
    category: Category | None,
    because: Line | None,
    *,
    postmortems: Postmortems,
) -> Reply | Fill:
    """Say why a category needs no follow-up: detection, escalation, recovery or prevention."""
    if incident is None:
        raise postmortems.pick(asker=request.user, rest="none")
    if not (category and because):
        facts = {"incident": incident, "categories": [it.value for it in Category], "category": category}
        return Fill("postmortem/none", "postmortem none", facts)
    incident = postmortems.need_nothing(incident, category, because, by=request.user)
    return Reply("postmortem/nothing", {"incident": incident, "category": category.value}, confirms=True)


@command("postmortem owner @person [<id>]")
def owner(request: Request, incident: Incident | None, person: Someone, *, postmortems: Postmortems) -> Reply:
    """Set who writes the postmortem. By default the commander does."""
    if incident is None:
        raise postmortems.pick(asker=request.user)
    planned = postmortems.plan(incident, owner=person, by=request.user)
    facts = {"incident": incident, "owner": planned.owned_by(incident), "due": postmortems.due(incident)}
    return Reply("postmortem/planned", facts, shared=True)


@command("postmortem due <due> [<id>]")
def due(
    request: Request, incident: Incident | None, due: date, *, postmortems: Postmortems, people: People
) -> Reply:
    """Change the due date, such as friday or 2026-12-01. The reminders move too."""
    if incident is None:
        raise postmortems.pick(asker=request.user)
    evening = datetime.combine(due, time(END_OF_DAY), ZoneInfo(people.zone(request.user))).astimezone(UTC)
    planned = postmortems.plan(incident, due=evening, by=request.user)
    facts = {"incident": incident, "owner": planned.owned_by(incident), "due": planned.due}
    return Reply("postmortem/planned", facts, shared=True)


@command("postmortem close [<id>]")
def close(request: Request, incident: Incident | None, *, postmortems: Postmortems) -> Reply:
    """Close the review; its reminders end. Each category needs a follow-up, or a reason for none."""
    if incident is None:
        raise postmortems.pick(asker=request.user, rest="close")
    incident = postmortems.close(incident, by=request.user)
    return Reply("postmortem/closed", {"incident": incident}, confirms=True)
