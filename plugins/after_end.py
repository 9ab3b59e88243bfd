"""After the end: what is still broken, and what would have ended it sooner."""

from bot.commands.arguments import Line
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.follow_up import Category
from bot.services.incident.after_end import AfterEnd
from bot.services.postmortem.archive import Archive
from bot.services.postmortem.follow_ups import FollowUps


@command('incident still broken ["words"]')
def still_broken(request: Request, incident: Incident, words: Line | None, *, after: AfterEnd) -> Reply:
    """Say that a resolved incident is still broken for you, like *Still broken for you?* The commander is asked.

    With `resolution: {still_broken: reopen}` in config.yaml it opens again, for a day after its end.
    """
    incident = after.still_broken(incident, words or "", by=request.user)
    return Reply("incident/still_broken", {"incident": incident})


@command("incident channel keep")
def keep_channel(request: Request, incident: Incident, *, archive: Archive) -> Reply:
    """Keep the incident's channel, although `resolution: {archive_channels: …}` would archive it."""
    incident = archive.keep(incident, by=request.user)
    return Reply("incident/done", {"incident": incident, "what": "its channel stays"}, confirms=True)


@command('(incident lever missing|lever missing) ["what"]')
def lever_missing(
    request: Request, incident: Incident, what: Line | None, *, follow_ups: FollowUps
) -> Reply | Fill:
    """Say what would have ended it sooner: `incident lever missing "shed load by plan"`. It becomes a follow-up."""
    if not what:
        return Fill("postmortem/lever", "incident lever missing", {"incident": incident})
    added = follow_ups.add(incident, what, by=request.user, category=Category.RECOVERY)
    return Reply("postmortem/follow_up_added", {"incident": incident, "follow_up": added})
