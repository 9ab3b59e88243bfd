"""Help: the most useful commands, or all of one kind."""

from collections.abc import Iterable
from itertools import groupby

from bot.commands.command import Command, command, when
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Reply
from bot.commands.request import Automated
from bot.domain.effects import Notify
from bot.domain.markup import as_command
from bot.services.transaction import Transaction

FAMILIES = (
    "incident",
    "page",
    "oncall",
    "changes",
    "failover",
    "runbook",
    "postmortem",
    "follow-up",
    "timeline",
)
"""The families that help has a button for."""


@command('help ["words"]', allow="everyone", reads=True)
def helping(words: str | None, *, registry: CommandRegistry) -> Reply:
    """Show the most useful commands; `help page` shows the commands of one kind, `help all` shows all."""
    wanted = (words or "").casefold().strip("`/ -?")
    if wanted == "all":
        return _listed(registry.commands, brief=True)
    begun = [it for it in registry.commands if _begins_with(it, wanted)] if wanted else []
    found = begun or [it for it in registry.commands if wanted and wanted in f"{it.usage} {_said(it)}"]
    if found:
        return _listed(found, brief=False)
    families = [it for it in FAMILIES if any(_begins_with(known, it) for known in registry.commands)]
    return Reply("help/start", {"wanted": wanted, "families": families})


def _listed(commands: Iterable[Command], *, brief: bool) -> Reply:
    families = [
        {"name": family, "commands": [{"usage": it.usage, "help": it.help} for it in some]}
        for family, some in groupby(sorted(commands, key=_place), key=lambda it: it.words.split()[0])
    ]
    return Reply("help/commands", {"families": families, "brief": brief})


def _begins_with(command: Command, wanted: str) -> bool:
    """Return whether a command's words begin with these. `incident` may be left out."""
    names = [" ".join(it) for it in command.prefixes]
    return any(
        f"{it.removeprefix(start)} ".startswith(f"{wanted} ") for it in names for start in ("", "incident ")
    )


def _said(command: Command) -> str:
    """Return every form in which a command is called, such as `incident start me`."""
    return ", ".join(" ".join(prefix) for prefix in command.prefixes)


def _place(command: Command) -> int:
    """Return the sort key: incidents come first, and help itself comes last."""
    return {"incident": 0, "help": 2, "plugins": 2}.get(command.words.split()[0], 1)


@when(Automated)
def automated(notice: Automated, *, tx: Transaction) -> None:
    """Offer a workflow's command to the people in the channel, who may run it."""
    facts = {"words": as_command(notice.words)}
    tx.send(Notify(key=f"workflow:{notice.id}", to=notice.channel, template="help/workflow", facts=facts))
