"""Help, from the declarations themselves."""

from itertools import groupby

from bot.commands.command import Command, command, when
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Reply
from bot.commands.request import Automated
from bot.domain.effects import Notify
from bot.services.transaction import Transaction


@command('help ["words"]')
def helping(words: str | None, *, registry: CommandRegistry) -> Reply:
    """Show what Spy can do; `help page` shows what begins with those words."""
    wanted = (words or "").casefold().strip("`/ -?")
    begun = [it for it in registry.commands if _begins_with(it, wanted)]
    found = begun or [it for it in registry.commands if wanted in f"{it.usage} {_said(it)}"]
    shown = sorted(found or registry.commands, key=_place)
    families = [
        {"name": family, "commands": [{"usage": it.usage, "help": it.help} for it in commands]}
        for family, commands in groupby(shown, key=lambda it: it.words.split()[0])
    ]
    facts = {"families": families, "wanted": wanted, "is_found": bool(found), "brief": not (wanted and found)}
    return Reply("help/commands", facts)


def _begins_with(command: Command, wanted: str) -> bool:
    """Whether it is called by these words and others, or none; `incident` may be left out."""
    said = [" ".join(it) for it in command.prefixes]
    return any(
        f"{it.removeprefix(start)} ".startswith(f"{wanted} ") for it in said for start in ("", "incident ")
    )


def _said(command: Command) -> str:
    """Give all the ways in which it is called, such as `incident start me`."""
    return ", ".join(" ".join(prefix) for prefix in command.prefixes)


def _place(command: Command) -> int:
    """Incidents come first, and help itself comes last."""
    return {"incident": 0, "help": 2, "plugins": 2}.get(command.words.split()[0], 1)


@command("plugins")
def plugins(*, registry: CommandRegistry) -> Reply:
    """Say which plugins are loaded, and which could not be."""
    families = sorted({it.family for it in registry.commands})
    return Reply("help/plugins", {"families": families, "failures": registry.failures})


@when(Automated)
def automated(notice: Automated, *, tx: Transaction) -> None:
    """Offer what a workflow asks for to the people who read it: nobody stands behind a workflow."""
    facts = {"words": notice.words}
    tx.send(Notify(key=f"workflow:{notice.id}", to=notice.channel, template="help/workflow", facts=facts))
