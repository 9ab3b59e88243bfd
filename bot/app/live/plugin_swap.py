"""Follow a team's own plugin, template and runbook files while Spy runs: changes are taken whole, or not at all."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot.app.build import Bot
from bot.app.live.mistake_report import MistakeReport
from bot.app.live.own_files import OwnSet
from bot.commands.plugins import NotLoaded
from bot.domain.plugin import ReloadRequest
from bot.ports import Session, Unavailable
from bot.services.reloads import Reloads
from bot.services.transaction import Transaction

LOOK_EVERY = timedelta(seconds=2)
log = structlog.get_logger()


class PluginSwap:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._loaded_at = bot.clock.now()
        self._plugins, self._runbooks = MistakeReport(bot, "plugins"), MistakeReport(bot, "runbooks")
        self._has_looked = False
        self._answered: int | None = None
        """The number of the last request to read the files again that this process has answered."""

    def look(self) -> None:
        """Take files that have changed. The first look also reports the plugins that are left out since the start."""
        if not self._has_looked:
            if left_out := self._bot.router.registry.failures:
                self._plugins.begins(left_out, "shared/plugins_left_out")
            self._has_looked = True
        asked = self._asked()
        if asked or self._bot.files.have_changed():
            try:
                mistakes = self._take()
            except Unavailable:
                self._bot.files.read_again()  # they could not be tried, or nobody could be told
                raise
            if asked:
                self._answer(asked, mistakes)
        self._look_at_runbooks()

    def _asked(self) -> ReloadRequest | None:
        """Return a request to read the files again that this process has not answered yet."""
        with self._bot.database.read() as session:
            newest = Reloads(self._transaction(session)).newest()
        if self._answered is None:
            self._answered = newest.number  # what was asked before the start
        return newest if newest.number > self._answered else None

    def _answer(self, asked: ReloadRequest, mistakes: Sequence[str]) -> None:
        names = [it.name for it in self._bot.router.registry.own]
        with self._bot.database.begin() as session:
            Reloads(self._transaction(session)).tell(asked, names, mistakes)
        self._answered = asked.number
        self._bot.delivery.wake()

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self._bot.clock.now(), policy=self._bot.live.policy())

    def _take(self) -> Sequence[str]:
        """Read all files again, and use them from now on. Return the mistakes for which they are not used."""
        try:
            own = self._bot.files.reload(self._bot.router.registry)
            self._try_out(own)
            self._use(own)
        except NotLoaded as mistake:
            self._refuse(mistake.lines)
            return mistake.lines
        return ()

    def _use(self, own: OwnSet) -> None:
        self._bot.swap(own)
        self._loaded_at = self._bot.clock.now()
        log.info("changed plugins and templates are in use", plugins=len(own.registry.own))
        self._plugins.ends("shared/plugins_again")

    def _try_out(self, own: OwnSet) -> None:
        """Raise NotLoaded if these would break the messages and agendas of the last day. They were drawn already."""
        from bot.app.live.trial import Setup, try_out  # noqa: PLC0415  its sample facts are loaded when something changes

        bot, policy = self._bot, self._bot.live.policy()
        new = Setup(policy=policy, templates=own.templates, registry=own.registry, is_drawn=True)
        now = Setup(policy=policy, templates=bot.templates.now, registry=bot.router.registry)
        if flaws := try_out(new, instead_of=now, sessions=bot.database, now=bot.clock.now()):
            raise NotLoaded([it.sentence for it in flaws])

    def _refuse(self, lines: Sequence[str]) -> None:
        for line in lines:
            log.error("changed plugins and templates can't be used; the last good ones stay", why=line)
        self._plugins.begins(lines, "shared/plugins_refused", {"loaded_at": self._loaded_at})

    def _look_at_runbooks(self) -> None:
        """Tell of runbooks with mistakes. Each file is a set of its own: its last good version stays in use."""
        if mistakes := self._bot.runbooks.mistakes():
            self._runbooks.begins(mistakes, "shared/runbooks")
        else:
            self._runbooks.ends("shared/runbooks_again")
