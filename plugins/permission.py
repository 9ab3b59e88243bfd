"""Permissions: who may do what, and a way to ask them."""

from typing import Annotated

from bot.commands.admission import LONGEST_ASKED
from bot.commands.arguments import one_of
from bot.commands.command import Command, command
from bot.commands.interpreter import Interpreter
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.markup import as_command
from bot.domain.permission import MEANING, begins
from bot.domain.refusal import Refusal
from bot.services.incident.incidents import Incidents
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction

LONGEST_COMMAND = 6
"""More words than any command begins with."""
RoleName = Annotated[str, one_of(*MEANING)]


@command('who-may "words"', allow="everyone", reads=True)
def who_may(words: str, *, registry: CommandRegistry, permissions: Permissions, tx: Transaction) -> Reply:
    """Show who may run a command: `who-may page`."""
    found = _meant(words.strip("`/ "), registry)
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
    needed = {str(it["role"]) for it in lines}
    roles = {
        it: None if tx.policy.is_for_members(it) else permissions.holders(it)
        for it in MEANING
        if it in needed
    }
    return Reply("help/who_may", {"lines": lines, "roles": roles, "meaning": MEANING})


def _meant(words: str, registry: CommandRegistry) -> list[Command]:
    """Return the commands that begin with these words, or else with the first of them: `page :imoc` means `page`."""
    given = words.split(maxsplit=LONGEST_COMMAND)[:LONGEST_COMMAND]
    for count in range(len(given), 0, -1):
        if found := [it for it in registry.commands if begins(it.spoken, " ".join(given[:count]))]:
            return found
    return []


@command('ask [<role>] "words"', allow="everyone")
def ask(
    request: Request,
    role: RoleName | None,
    words: str,
    incident: Incident | None,
    *,
    registry: CommandRegistry,
    permissions: Permissions,
    incidents: Incidents,
    tx: Transaction,
) -> Reply:
    """Ask those who may run a command to run it: `ask operator failover abort 3`."""
    shown = as_command(words)
    if len(shown) > LONGEST_ASKED:
        raise Refusal(f"At most {LONGEST_ASKED} characters can be asked for. Write to someone directly.")
    meant = Interpreter(registry).understand(shown, tx, asker=request.user, channel=request.channel)
    if meant.number is not None:
        incident = incidents.find(meant.number, asker=request.user)
    needed = role or meant.command.configured(tx.policy) or meant.command.allow
    asked = permissions.ask(shown, needed, by=request.user, place=request.channel, incident=incident)
    return Reply("help/asked", {"asked": asked})
