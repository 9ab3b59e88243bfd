"""The step guide: the next step, what it needs, and what is done."""

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident import guide
from bot.domain.incident.incident import Incident
from bot.services.incident.incidents import Incidents
from bot.services.incident.views import Views


@command("incident checklist|steps [<id>]", allow="everyone", reads=True)
def checklist(incident: Incident, *, views: Views) -> Reply:
    """Show all steps: what is done, by whom, when, and what is missing."""
    return Reply("incident/checklist", views.checklist(incident), shared=True)


@command("incident (next|step next) [<id>]", allow="responder")
def move_on(request: Request, incident: Incident, *, incidents: Incidents, views: Views) -> Reply:
    """Go to the next step, even if something is missing here. The card shows it."""
    incident = incidents.move_on(incident, by=request.user)
    return Reply("incident/step", views.card(incident.number))


@command("incident nothing changed [<id>]", allow="responder")
def nothing_changed(request: Request, incident: Incident, *, incidents: Incidents, views: Views) -> Reply:
    """Answer *what changed?* with: you looked, and nothing did."""
    incident = incidents.nothing_changed(incident, by=request.user)
    return Reply("incident/step", {**views.card(incident.number), "answer": guide.NOTHING_CHANGED})
