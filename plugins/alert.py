"""Alerts: open an incident for one, add it to an open incident, or say that it is none."""

from dataclasses import replace
from typing import Annotated

from bot.commands.arguments import PageNumber, number_of
from bot.commands.arguments.names import SERVICE
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.policy import Severity
from bot.domain.portion import Portion
from bot.domain.refusal import Choice, Refusal
from bot.services.alert.alerts import Alerts
from bot.services.transaction import Transaction

AlertNumber = Annotated[int, number_of("an alert", listed_by="alert list")]


def _service_or_team(word: str, tx: Transaction, asker: str) -> str:
    """Return a service's name, or a team's with its colon."""
    team = word.strip(":").casefold()
    if team in tx.policy.teams and team not in tx.policy.services:
        return f":{team}"
    return str(SERVICE.read(word, tx, asker))


AlertsOf = Annotated[str, replace(SERVICE, read=_service_or_team)]


@command("alert (declare|declare alert) [<alert>] [<severity>] [private] [anyway]")
def declare(
    request: Request,
    alert: AlertNumber | None,
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
    if alert is None:
        raise alerts.pick("alert declare")
    declared = alerts.declare(alert, by=request.user, severity=severity, private=private, anyway=anyway)
    incident = declared.incident
    if not declared.is_new:
        facts = {"incident": incident, "number": alerts.decides(alert), "severity": severity}
        return Reply("alert/open_already", facts)
    facts = {
        "incident": incident,
        "announce": tx.policy.announce,
        "pages": tx.session.pages.of(incident.number),
        "severities": list(tx.policy.severities),
        "paged": alerts.paged_for(alert),
    }
    return Reply("incident/declared", facts)


@command("alert same <alert> [(as <id>|with <id>|to <id>|<id>)] [anyway]")
def same(request: Request, incident: Incident, alert: AlertNumber, anyway: bool, *, alerts: Alerts) -> Reply:
    """Add an alert to an open incident: `alert same 12 as 7`. `anyway` takes it from another one."""
    found = alerts.same(alert, incident, by=request.user, anyway=anyway)
    return Reply("alert/decided", {"alert": found, "incident": incident, "count": alerts.count(found)})


@command("alert ignore <alert>", allow="responder")
def ignore(request: Request, alert: AlertNumber, *, alerts: Alerts) -> Reply:
    """Say that an alert is not an incident. Its line stays, and shows that you said so."""
    found = alerts.ignore(alert, by=request.user)
    return Reply("alert/decided", {"alert": found, "incident": None, "count": alerts.count(found)})


@command("(alert list|alerts) [<service>] [page <page>]", reads=True)
def listing(
    request: Request,
    service: AlertsOf | None,
    page: PageNumber | None,
    *,
    alerts: Alerts,
    tx: Transaction,
) -> Reply:
    """List the alerts of the last 7 days, newest first: all, those of a service, or those of a team (`:payments`)."""
    found = Portion.of(alerts.recent(service, asker=request.user), page, 10)
    return Reply("alert/list", {"found": found, "service": service, "now": tx.now})


@command("alert <alert>", reads=True)
def show(request: Request, alert: AlertNumber, *, alerts: Alerts) -> Reply:
    """Show an alert as its line does, with the buttons."""
    return Reply("alert/line", alerts.shown(alert, asker=request.user))


@command("alert (ack|acknowledge|resolve) <alert>", reads=True)
def acknowledge(request: Request, alert: AlertNumber, *, alerts: Alerts, tx: Transaction) -> Reply:
    """Say where an alert is acknowledged or resolved: in the tool that sends it."""
    found = alerts.shown(alert, asker=request.user)["alert"]
    where = tx.policy.pager_name if found.pager_id else "the tool that sends it"
    raise Refusal(
        f"Acknowledge and resolve alert {alert} in {where}. The page of an incident: `pager ack`, in its channel.",
        choices=(Choice(label="Declare", say=f"alert declare {alert}"),) if found.is_undecided else (),
    )
