"""Plugins: which are loaded, which are in quarantine, and how to load changed ones."""

from typing import Any

from bot.commands.command import command
from bot.commands.plugins import CommandRegistry, Plugin, own_plugin
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.services.permissions import Permissions
from bot.services.quarantine import Quarantine
from bot.services.reloads import Reloads


@command("plugins", allow="everyone", reads=True)
def plugins(
    request: Request, *, registry: CommandRegistry, quarantine: Quarantine, permissions: Permissions
) -> Reply:
    """List the loaded plugins with their commands, those in quarantine, and how many failed to load. Admins see why."""
    spys = sorted({it.family for it in registry.commands if registry.plugin_of(it) is None})
    facts = {"own": [_shown(it, quarantine) for it in registry.own], "families": spys}
    why = registry.failures if permissions.may(request.user, "admin") else ()  # it may hold paths, and worse
    return Reply("help/plugins", {**facts, "left_out": len(registry.failures), "failures": why})


@command("plugins reload", allow="admin")
def reload(request: Request, *, reloads: Reloads) -> Reply:
    """Load changed plugin and template files now, in every running Spy. Without it, that takes a few seconds."""
    reloads.ask(by=request.user)
    return Reply("help/plugins_reloading")


@command("plugins (enable|re-enable) <name>", allow="admin")
def enable(request: Request, name: str, *, registry: CommandRegistry, quarantine: Quarantine) -> Reply:
    """End the quarantine of a plugin: `plugins enable coffee`."""
    plugin = own_plugin(registry, name)
    quarantine.end(plugin, by=request.user)
    return Reply("help/plugin_enabled", {"name": plugin.short_name, "by": request.user}, shared=True)


def _shown(plugin: Plugin, quarantine: Quarantine) -> dict[str, Any]:
    known = plugin.id
    health = quarantine.health(known) if known else None
    return {
        "name": plugin.name,
        "commands": [it.usage for it in plugin.commands],
        "since": health.quarantined_at if health else None,
        "why": health.reason if health else "",
        "failing": health.failing if health else {},
    }
