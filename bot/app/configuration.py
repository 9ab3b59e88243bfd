"""Follow config.yaml while Spy runs: apply a valid change, and report mistakes."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import structlog

from bot.adapters.rendering.overrides import TemplateMistake
from bot.app.build import Bot
from bot.config import News
from bot.domain.effects import Post
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction

CONFIGURATION_EVERY = timedelta(seconds=2)
log = structlog.get_logger()


class Configuration:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._planned = False
        self._unreported = list[TemplateMistake]()

    def look(self) -> None:
        """Apply a file that has changed.

        The first look also sets the timers of open incidents by it, and logs which runbooks are left out.
        """
        news = self._bot.live.refresh()
        if news and news.mistakes:
            self._refuse(news)
        elif news or not self._planned:
            self._take_over()
        self._tell_of_templates()

    def _take_over(self) -> None:
        policy = self._bot.live.policy()
        self._bot.adopt(policy)
        with self._bot.database.begin() as session:
            Reminders(Transaction(session=session, now=self._bot.clock.now(), policy=policy)).replan()
        if self._planned:
            log.info("the configuration has changed, and is taken over")
        else:
            self._bot.runbooks.mistakes()
        self._planned = True

    def _refuse(self, news: News) -> None:
        for line in news.mistakes:
            log.error("the configuration has changed and can't be used; the last good one stays", why=line)
        self._tell(f"config:{news.version}", "shared/configuration", news.mistakes)

    def _tell_of_templates(self) -> None:
        """Report each refused template of a team's own, once, even if another process found it."""
        while not self._bot.templates.mistakes.empty():
            mistake = self._bot.templates.mistakes.get()
            log.error("a template is left out, and Spy's own is used", why=str(mistake))
            self._unreported.append(mistake)
        if self._unreported:
            lines = sorted(map(str, self._unreported))
            self._tell(f"templates:{sha256(repr(lines).encode()).hexdigest()}", "shared/templates", lines)
            self._unreported.clear()

    def _tell(self, key: str, template: str, mistakes: Sequence[str]) -> None:
        policy = self._bot.live.policy()
        message = self._bot.templates.render(template, {"mistakes": mistakes})
        with self._bot.database.begin() as session:
            tx = Transaction(session=session, now=self._bot.clock.now(), policy=policy)
            tx.send(*(Post(key=f"{key}:{to}", to=to, message=message) for to in policy.maintainers))
        self._bot.delivery.wake()
