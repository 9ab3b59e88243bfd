"""Alerts: open an incident for one, add it to an open incident, or say that it is none."""

from typing import Annotated

from bot.commands.arguments import PageNumber, ServiceName, number_of
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.policy import Severity
from bot.domain.portion import Portion
from bot.services.alert.alerts import Alerts
from bot.services.transaction import Transaction

AlertNumber = Annotated[int, number_of("an alert", listed_by="alert list")]


@command("alert declare <alert> [<severity>] [private] [anyway]")
def declare(
    request: Request,
    alert: AlertNumber,
    severity: Severity | None,
    private: bool,
    anyway: bool,
    *,
    alerts: Alerts,
    tx: Transaction,
) -> Reply:
    """Open an incident for an alert, with you in command. Its name, service, link and start come from the alert.

    `anyway` opens one although somebody said that it is none, its incident is over, or one of this name is open.
    """
    declared = alerts.declare(alert, by=request.user, severity=severity, private=private, anyway=anyway)
    incident = declared.incident
    if not declared.is_new:
        return Reply("alert/open_already", {"incident": incident, "number": alert, "severity": severity})
    facts = {
        "incident": incident,
        "announce": tx.policy.announce,
        "pages": tx.session.pages.of(incident.number),
        "severities": list(tx.policy.severities),
        "paged": alerts.paged_for(alert),
    }
    return Reply("incident/declared", facts)


@command("alert same <alert> [as <id>] [anyway]")
def same(request: Request, incident: Incident, alert: AlertNumber, anyway: bool, *, alerts: Alerts) -> Reply:
    """Add an alert to an open incident: `alert same 12 as 7`. `anyway` takes it from another one."""
    found = alerts.same(alert, incident, by=request.user, anyway=anyway)
    return Reply("alert/decided", {"alert": found, "incident": incident})


@command("alert ignore <alert>", allow="responder")
def ignore(request: Request, alert: AlertNumber, *, alerts: Alerts) -> Reply:
    """Say that an alert is not an incident. Its line stays, and shows that you said so."""
    found = alerts.ignore(alert, by=request.user)
    return Reply("alert/decided", {"alert": found, "incident": None})


@command("alert list [<service>] [page <page>]")
def listing(
    request: Request,
    service: ServiceName | None,
    page: PageNumber | None,
    *,
    alerts: Alerts,
    tx: Transaction,
) -> Reply:
    """List the alerts of the last 7 days, newest first."""
    found = Portion.of(alerts.recent(service, asker=request.user), page, 10)
    return Reply("alert/list", {"found": found, "service": service, "now": tx.now})
