"""Time: snooze a reminder, stop reminders for a while, and see why Spy sent one."""

from datetime import timedelta

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.services.incident.incidents import Incidents
from bot.services.incident.reasons import Reasons
from bot.services.paging.paging import Paging


@command("incident snooze <span>", allow="commander", unless="you promised the update")
def snooze(request: Request, incident: Incident, span: timedelta, *, incidents: Incidents) -> Reply:
    """Snooze the next update's reminder once. The channel sees who did it."""
    incident = incidents.snooze(incident, span, by=request.user)
    return Reply(
        "incident/snoozed",
        {"incident": incident, "until": incident.snoozed["update_due"].until},
        confirms=True,
    )


@command("incident quiet|hush <span>", allow="commander", unless="nobody leads and you opened it")
def quiet(request: Request, incident: Incident, span: timedelta, *, incidents: Incidents) -> Reply:
    """Stop Spy's reminders for some time. Urgent reminders still appear."""
    incident = incidents.hush(incident, span, by=request.user)
    return Reply("incident/quiet", {"incident": incident, "until": incident.quiet_until}, confirms=True)


@command("why page [<page>]", allow="everyone", reads=True)
def why_page(
    request: Request, incident: Incident | None, page: str | None, *, paging: Paging, reasons: Reasons
) -> Reply:
    """Show why someone was paged."""
    found = paging.find(page or "", incident=incident, asker=request.user)
    return Reply("incident/why", reasons.page(found))


@command('incident why ["reminder"]', allow="everyone", reads=True)
def why(incident: Incident, reminder: str | None, *, reasons: Reasons) -> Reply:
    """Show why Spy last sent a reminder or a page: the rule, and what happened."""
    return Reply("incident/why", reasons.of(incident, reminder))
