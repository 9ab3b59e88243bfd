"""Ask every running Spy to read its plugin and template files again. Each looks here every 2 s."""

from collections.abc import Sequence
from hashlib import sha256

from bot.domain.effects import Notify
from bot.domain.plugin import NEWEST, ReloadRequest
from bot.services.transaction import Transaction


class Reloads:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.plugin_reloads

    def newest(self) -> ReloadRequest:
        return self._records.get(NEWEST) or ReloadRequest()

    def ask(self, *, by: str | None) -> None:
        """Ask for it. Whoever asks in chat hears what became of it."""
        self._tx.session.lock("plugin_reload")
        self._records.put(ReloadRequest(number=self.newest().number + 1, by=by))

    def tell(self, asked: ReloadRequest, plugins: Sequence[str], mistakes: Sequence[str]) -> None:
        """Tell whoever asked what became of it. Processes with the same outcome tell it once."""
        if asked.by is None:
            return
        facts = {"plugins": tuple(plugins), "mistakes": tuple(mistakes)}
        outcome = sha256(repr(facts).encode()).hexdigest()[:16]
        key = f"plugins:reload:{asked.number}:{outcome}"
        self._tx.send(Notify(key=key, to=asked.by, template="help/plugins_reloaded", facts=facts))
