"""Switch off a team's plugin that keeps failing, in all processes, until its file changes or an admin re-enables it."""

from bot.domain.effects import Notify
from bot.domain.plugin import PluginHealth, PluginVersion
from bot.domain.refusal import Choice, Refusal
from bot.domain.zone import in_utc
from bot.services.transaction import Transaction


class Quarantine:
    """Counts failures in the database: they may happen in several processes, and before a restart.

    A changed file is another version, which starts without failures. Spy's own plugins are never switched off: a page
    that fails for one request must still ring for the next.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.plugins

    def health(self, plugin: PluginVersion) -> PluginHealth:
        return self._records.get(plugin.key) or PluginHealth(key=plugin.key)

    def require_free(self, plugin: PluginVersion) -> PluginHealth:
        """Refuse a command of a plugin in quarantine, and say since when. Return how the plugin fares."""
        health, name = self.health(plugin), plugin.short_name
        if health.quarantined_at is None:
            return health
        since = in_utc(health.quarantined_at, now=self._tx.now)
        raise Refusal(
            f"The plugin {name} is in quarantine since {since}: {health.reason}. Nothing was done. "
            "All other commands work, and Spy's maintainers know of it. An admin can switch it on again: "
            f"`plugins enable {name}`.",
            choices=(Choice(label="Re-enable", say=f"plugins enable {name}"),),
        )

    def succeeded(self, plugin: PluginVersion, doing: str) -> None:
        """End the row of failures of one command or listener."""
        health = self._locked(plugin)
        if health.quarantined_at is None:
            self._records.put(health.succeeded(doing))

    def failed(self, plugin: PluginVersion, doing: str, *, why: str) -> None:
        """Count a failure of one command or listener. Its tenth in a row puts the plugin in quarantine."""
        before = self._locked(plugin)
        self._store(plugin, before, before.failed(doing, why, at=self._tx.now))

    def overran(self, plugin: PluginVersion, *, why: str) -> None:
        """Put a plugin in quarantine whose code still runs after its time."""
        before = self._locked(plugin)
        self._store(plugin, before, before.overran(why, at=self._tx.now))

    def end(self, plugin: PluginVersion, *, by: str | None) -> None:
        """Switch a plugin on again, and tell the maintainers who did. At a terminal nobody knows who it is."""
        if self._locked(plugin).quarantined_at is None:
            raise Refusal(f"The plugin {plugin.short_name} is not in quarantine: its commands work.")
        self._records.put(PluginHealth(key=plugin.key))
        self._tell(plugin, "enabled", {"by": by})

    def _locked(self, plugin: PluginVersion) -> PluginHealth:
        self._tx.session.lock(f"plugin:{plugin.key}")
        return self.health(plugin)

    def _store(self, plugin: PluginVersion, before: PluginHealth, after: PluginHealth) -> None:
        self._records.put(after)
        if after.quarantined_at and not before.quarantined_at:
            self._tell(plugin, "quarantined", {"why": after.reason, "since": after.quarantined_at})

    def _tell(self, plugin: PluginVersion, event: str, facts: dict[str, object]) -> None:
        mark = int(self._tx.now.timestamp() * 1000)
        known = {"name": plugin.short_name, "source": plugin.source, "commands": plugin.commands, **facts}
        for to in self._tx.policy.maintainers:
            key = f"plugin:{plugin.key}:{event}:{mark}:{to}"
            self._tx.send(Notify(key=key, to=to, template=f"help/plugin_{event}", facts=known))
