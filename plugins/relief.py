"""Relief: take over from someone who has worked too long, or say that you are fine."""

from bot.commands.arguments import Someone
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.services.relief.relief import Relief


@command("incident relieve [@person]", allow="responder")
def relieve(request: Request, incident: Incident, person: Someone | None, *, relief: Relief) -> Reply:
    """Take over from the commander, or from someone in a role. For command you get a brief first."""
    came = relief.relieve(incident, person, by=request.user)
    return Reply(
        "relief/relieving",
        {"incident": came.incident, "person": came.person, "what": came.what, "is_done": came.is_done},
        confirms=came.is_done,
    )


@command("incident fine [<id>]")
def fine(request: Request, incident: Incident | None, *, relief: Relief) -> Reply:
    """Answer *I'm fine, 30 more minutes*: once in a work period; everyone sees it."""
    return Reply(
        "relief/fine", {"incident": incident, "until": relief.say_fine(by=request.user)}, confirms=True
    )
