"""`spy plugins`: the plugins with their commands, files and states, and the end of a quarantine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.adapters.database import Database, is_ready, make_ready
from bot.adapters.network.clock import SystemClock
from bot.app.build import open_database
from bot.app.live.own_files import OwnFiles
from bot.app.templates import own_templates
from bot.commands.plugin_loading import is_spys
from bot.commands.plugins import CommandRegistry, Plugin, load, own_plugin
from bot.config import Settings
from bot.domain.plugin import PluginHealth
from bot.domain.zone import in_utc
from bot.services.quarantine import Quarantine
from bot.services.reloads import Reloads
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class Listing:
    lines: tuple[str, ...]
    is_well: bool
    """Whether all plugins are loaded, and none is in quarantine."""


def listed(settings: Settings) -> Listing:
    """Describe all plugins, your own first."""
    registry = load(settings.plugin_folders)
    healths = _healths(settings, registry)
    lines = [line for it in registry.own for line in _of_own(it, healths.get(it.name))]
    lines += [f"left out: {it}" for it in registry.failures]
    lines += [f"Spy's own: {it.name}, {it.source}" for it in registry.plugins if it.id is None]
    is_free = all(it.quarantined_at is None for it in healths.values())
    return Listing(lines=tuple(lines), is_well=is_free and not registry.failures)


def ask_for_reload(settings: Settings) -> None:
    """Ask every running Spy to read the files again, if the database is there."""
    with _opened(settings) as database:
        if is_ready(database.engine):
            with database.begin() as session:
                tx = Transaction(session=session, now=SystemClock().now(), policy=settings.policy())
                Reloads(tx).ask(by=None)


def check_files(settings: Settings) -> str:
    """Read the files of a team's folders as a running Spy does, and return what was found. Raises NotLoaded."""
    spys = load(it for it in settings.plugin_folders if is_spys(it))
    own = OwnFiles(lambda: settings, SystemClock()).reload(spys)
    counts = f"{len(own.registry.own)} plugins and {len(own_templates(own.templates))} templates of your own"
    return (
        f"{counts} can be used. Every running Spy reads them now. It tries them on the incidents of the last day, too, "
        "and tells the maintainers if it can't use them."
    )


def enable(settings: Settings, name: str) -> str:
    """End the quarantine of a plugin, and return what to print. Raises Refusal."""
    plugin = own_plugin(load(settings.plugin_folders), name)
    with _opened(settings) as database:
        make_ready(database.engine)
        with database.begin() as session:
            now, policy = SystemClock().now(), settings.policy()
            Quarantine(Transaction(session=session, now=now, policy=policy, source="terminal")).end(
                plugin, by=None
            )
    return f"The plugin {plugin.short_name} is enabled: its commands run again."


def _of_own(plugin: Plugin, health: PluginHealth | None) -> Iterator[str]:
    state = "works"
    if health and health.quarantined_at:
        since = in_utc(health.quarantined_at, now=SystemClock().now())
        state = f"in quarantine since {since}: {health.reason}"
    elif health and health.failing:
        rows = ", ".join(f"{it} {count} in a row" for it, count in sorted(health.failing.items()))
        state = f"works, but the last calls failed: {rows}"
    yield f"{plugin.name}: {state}"
    yield f"  {plugin.source}"
    yield from (f"  {it.usage}" for it in plugin.commands)


def _healths(settings: Settings, registry: CommandRegistry) -> dict[str, PluginHealth]:
    """Return how your own plugins fare, by name. Nothing has failed yet in a database that is not there."""
    with _opened(settings) as database:
        if not is_ready(database.engine):
            return {}
        with database.read() as session:
            tx = Transaction(session=session, now=SystemClock().now(), policy=settings.policy())
            return {it.name: Quarantine(tx).health(it) for it in registry.own_ids}


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    try:
        yield database
    finally:
        database.engine.dispose()
