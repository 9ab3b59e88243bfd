"""Changes: what changed recently, which changes are suspected, and deploy locks."""

from datetime import datetime, timedelta
from typing import Annotated

from bot.commands.arguments import Line, LockedService, PageNumber, PlainTime, ServiceName, number_of
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.services.changes.changes import Changes
from bot.services.changes.locks import Locks, shown_reason
from bot.services.transaction import Transaction

ChangeNumber = Annotated[int, number_of("a change", listed_by="incident changes")]

# --- what changed -----------------------------------------------------------------------------------------


@command("incident changes [<span>] [<service>] [page <page>]", reads=True)
def recent(
    incident: Incident | None,
    span: timedelta | None,
    service: ServiceName | None,
    page: PageNumber | None,
    *,
    changes: Changes,
) -> Reply:
    """List what changed, newest first: in an incident the hour before its impact, elsewhere the last hour; or `3h`."""
    found = changes.recent(incident, span=span, service=service, page=page)
    minutes = int(span / timedelta(minutes=1)) if span else None
    facts = {"incident": incident, "found": found, "service": service, "minutes": minutes}
    return Reply("changes/list", facts)


@command('change "text" [on <service>] [(at <at>|<when>)]')
def change(  # noqa: PLR0917  each is a slot of the usage line
    request: Request,
    incident: Incident | None,
    text: Line,
    service: ServiceName | None,
    at: datetime | None,
    when: PlainTime | None,
    *,
    changes: Changes,
) -> Reply:
    """Record a change that no tool reports: `change "flag new-cart at 50 %" on checkout at 09:10`."""
    recorded = changes.record(text, by=request.user, service=service, incident=incident, at=at or when)
    return Reply("changes/recorded", {"change": recorded, "incident": incident}, shared=True)


@command("incident suspect <change>")
def suspect(request: Request, incident: Incident, change: ChangeNumber, *, changes: Changes) -> Reply:
    """Mark a change as suspected: it appears on the card and in the tldr, and Spy asks for a rollback."""
    incident = changes.suspect(incident, change, by=request.user)
    return Reply("changes/suspected", {"incident": incident}, confirms=True)


@command("incident clear <change>")
def clear(request: Request, incident: Incident, change: ChangeNumber, *, changes: Changes) -> Reply:
    """Clear a suspected change."""
    incident = changes.clear(incident, change, by=request.user)
    return Reply("changes/suspected", {"incident": incident}, confirms=True)


# --- deploy locks -----------------------------------------------------------------------------------------


@command('lock <service> "why"', allow="operator")
def lock(
    request: Request,
    incident: Incident | None,
    service: ServiceName,
    why: Line,
    *,
    locks: Locks,
    tx: Transaction,
) -> Reply:
    """Stop deploys of a service until it is unlocked. Spy announces the lock; deploy tools can read it.

    A reason from a private incident or a private channel is not shown elsewhere.
    """
    shown = shown_reason(why, incident, is_private=request.is_private)
    locked = locks.lock(service, shown, by=request.user, incident=incident)
    facts = {"lock": locked, "announce": tx.policy.announce, "incident": incident}
    return Reply("changes/locked", {**facts, "is_withheld": shown != why})


@command("unlock <service> [anyway]", allow="operator", unless="you set it, or lead its incident")
def unlock(request: Request, service: LockedService, anyway: bool, *, locks: Locks, tx: Transaction) -> Reply:
    """Remove a deploy lock. `anyway` also removes the lock of a running failover."""
    unlocked = locks.unlock(service, by=request.user, anyway=anyway)
    return Reply("changes/locked", {"lock": unlocked, "announce": tx.policy.announce, "is_withheld": False})


@command("locks [page <page>]", reads=True)
def listing(page: PageNumber | None, *, locks: Locks) -> Reply:
    """List deploy locks and their reasons."""
    return Reply("changes/locks", {"found": Portion.of(locks.held(), page)}, shared=True)
