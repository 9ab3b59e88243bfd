"""A machine with a config.yaml and a database, and the processes of Spy that go by them."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.adapters.database import Database, open_engine
from bot.app.build import Bot, build
from bot.app.live.configuration import Configuration, NotTaken
from bot.app.live.start import Start, choose, last_good
from bot.domain.config_version import ConfigVersion

ADMIN = "permissions: {admin: [U0ANA]}\n"
GOOD = f"{ADMIN}severities:\n  sev1: {{update_every: 15m}}\n"
BETTER = GOOD.replace("15m", "20m")
SILENT = f"{ADMIN}severities:\n  sev1: {{}}\n"
BAD = f"{ADMIN}severities:\n  sev1: {{update_evry: 15m}}\nwebb: {{}}\n"
REFUSED, TAKEN = "shared/configuration", "shared/configuration_taken"


@dataclass(frozen=True, kw_only=True)
class Process:
    bot: Bot
    configuration: Configuration

    @property
    def port(self) -> int:
        return self.bot.settings.web.port

    @property
    def every(self) -> timedelta | None:
        return self.bot.live.policy().severities["sev1"].update_every

    def look(self) -> None:
        """Look twice: what one look finds may be half written."""
        self.configuration.look()
        self.configuration.look()


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A file and a database, and the processes of Spy that go by them."""

    file: Path
    url: str
    stack: ExitStack

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def beside(self, name: str, text: str) -> "Machine":
        """Return a machine with a file of its own and the same database."""
        other = replace(self, file=self.file.with_name(name))
        other.write(text)
        return other

    def start(self) -> Process:
        """Start a process as `spy run` does."""
        start = choose(self.file)
        try:
            return self._begun(start)
        except NotTaken as refused:
            return self._begun(last_good(self.file, refused.news))

    def _begun(self, start: Start) -> Process:
        bot = build(start.settings, self.stack)
        process = Process(bot=bot, configuration=Configuration(bot, start))
        process.configuration.begin()
        return process

    def taken(self) -> Sequence[ConfigVersion]:
        engine = open_engine(self.url)
        self.stack.callback(engine.dispose)
        with Database(engine).read() as session:
            return session.config_versions.taken(limit=50)

    def told(self) -> list[Any]:
        """Return the messages to the admins."""
        engine = open_engine(self.url)
        self.stack.callback(engine.dispose)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT payload FROM outbox ORDER BY id").scalars().all()
        return [json.loads(it) for it in rows]


MINUTES = timedelta(minutes=1)
