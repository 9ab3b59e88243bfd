"""Follow config.yaml while Spy runs: take over what is good, and say what is not."""

from datetime import timedelta

import structlog

from bot.bootstrap.build import Bot
from bot.config import News
from bot.domain.effects import Post
from bot.services.desk import Desk
from bot.services.reminders import Reminders

CONFIGURATION_EVERY = timedelta(seconds=2)
log = structlog.get_logger()


class Configuration:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._planned = False

    def look(self) -> None:
        """Take over a file that has changed; at the first look, set the timers of what is open by it."""
        news = self._bot.live.refresh()
        if news and news.mistakes:
            self._refuse(news)
        elif news or not self._planned:
            self._take_over()

    def _take_over(self) -> None:
        policy = self._bot.live.policy()
        self._bot.adopt(policy)
        with self._bot.database.begin() as work:
            Reminders(Desk(work=work, now=self._bot.clock.now(), policy=policy)).plan_anew()
        if self._planned:
            log.info("the configuration has changed, and is taken over")
        self._planned = True

    def _refuse(self, news: News) -> None:
        for line in news.mistakes:
            log.error("the configuration has changed and can't be used; the last good one stays", why=line)
        policy = self._bot.live.policy()
        message = self._bot.templates.render("room/configuration", {"mistakes": news.mistakes})
        with self._bot.database.begin() as work:
            desk = Desk(work=work, now=self._bot.clock.now(), policy=policy)
            desk.send(
                *(
                    Post(key=f"config:{news.version}:{to}", to=to, message=message)
                    for to in policy.maintainers
                )
            )
        self._bot.delivery.wake()
