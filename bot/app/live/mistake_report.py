"""Tell the maintainers of mistakes in a team's own files: once, and once more when they are over."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from bot.app.build import Bot
from bot.services.transaction import Transaction
from bot.services.troubles import Troubles


class MistakeReport:
    """Tells of one kind of files. The same mistakes on the same day are told once, whichever process finds them."""

    def __init__(self, bot: Bot, kind: str) -> None:
        self._bot, self._kind = bot, kind
        self._key = ""
        """What is told and lasts."""

    def begins(self, mistakes: Sequence[str], template: str, facts: Mapping[str, Any] | None = None) -> None:
        """Tell of these mistakes, which take the place of earlier ones."""
        now, policy = self._bot.clock.now(), self._bot.live.policy()
        known = sha256(repr((template, tuple(mistakes))).encode()).hexdigest()
        key = f"{self._kind}:{known}:{now:%Y-%m-%d}"
        if known in self._key:
            return
        with self._bot.database.begin() as session:
            troubles = Troubles(Transaction(session=session, now=now, policy=policy))
            told = {"mistakes": tuple(mistakes), **(facts or {})}
            troubles.begins(key, mistakes[0], tell=policy.maintainers, template=template, facts=told)
            if self._key:
                troubles.replaced(self._key)
        self._told(key)

    def ends(self, template: str) -> None:
        """Tell that all files are well, if the last thing told is that they are not."""
        if not self._key:
            return
        with self._bot.database.begin() as session:
            tx = Transaction(session=session, now=self._bot.clock.now(), policy=self._bot.live.policy())
            Troubles(tx).ends(self._key, template=template)
        self._told("")

    def _told(self, key: str) -> None:
        self._key = key
        self._bot.delivery.wake()
