"""Permissions: who may do what, and a way to ask them."""

from typing import Annotated

from bot.commands.arguments import one_of
from bot.commands.command import command
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.permission import MEANING, begins
from bot.domain.refusal import Refusal
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction

RoleName = Annotated[str, one_of(*MEANING)]


@command('who-may "words"', allow="everyone")
def who_may(words: str, *, registry: CommandRegistry, permissions: Permissions, tx: Transaction) -> Reply:
    """Show who may run a command: `who-may page`."""
    found = [it for it in registry.commands if begins(it.spoken, words.strip("`/ "))]
    if not found:
        raise Refusal("Spy has no command that begins so. `help all` shows all commands.")
    lines = [
        {
            "usage": it.usage,
            "role": it.configured(tx.policy) or it.allow,
            "unless": "" if it.configured(tx.policy) else it.unless,
        }
        for it in found
    ]
    roles = {it["role"]: permissions.holders(str(it["role"])) for it in lines}
    return Reply("help/who_may", {"lines": lines, "roles": roles, "meaning": MEANING})


@command('ask [<role>] "words"', allow="everyone")
def ask(
    request: Request,
    role: RoleName | None,
    words: str,
    incident: Incident | None,
    *,
    permissions: Permissions,
) -> Reply:
    """Ask those who may run a command to run it: `ask operator failover abort 3`."""
    asked = permissions.ask(
        words, role or "member", by=request.user, place=request.channel, incident=incident
    )
    return Reply("help/asked", {"asked": asked})
