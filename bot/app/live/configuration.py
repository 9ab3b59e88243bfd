"""Follow config.yaml: try a changed file, then take it, or refuse it and say why."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from os import getpid
from socket import gethostname

import structlog

from bot.adapters.rendering.overrides import TemplateMistake
from bot.app.build import Bot
from bot.app.live.start import Start
from bot.app.settings import load
from bot.config import ConfigError, News, Settings
from bot.config.differences import begun_by, differences, in_one_line
from bot.config.own import content_of, effective, named, own_places
from bot.domain.config_version import DEADLY, LISTED, SERVES_AFTER, SHORT, ConfigVersion, newest_of
from bot.domain.effects import Post
from bot.domain.masking import Masking
from bot.domain.policy import Policy
from bot.ports import Session, Unavailable
from bot.services.configuration import ConfigVersions, Held
from bot.services.reminders import Reminders
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction

CONFIGURATION_EVERY = timedelta(seconds=2)
NEEDS_RESTART = ("slack.mode", "web", "delivery", "database", "heartbeat_url")
"""Sections that a running process can't follow."""
MOST_BUSY = 3
"""How many timers may wait for locks of others until Spy tries again later."""
FIRST, NOT_KNOWN = "the first one", "the text of the one before is not kept"
SHORTEST = 8
"""Characters of a secret that is looked for: a shorter one is in the file by chance."""
REFUSED = "the configuration has changed and can't be used; the last good one stays"
AT_START = "the configuration can't be used; Spy starts with the last good one"
DEADLY_FILE = (
    "{path}: {deaths} processes have died within a minute of starting with it. "
    "If something else has ended them, change a comment in the file: Spy then tries it again."
)
log = structlog.get_logger()


class NotTaken(Exception):  # noqa: N818  named for what happened
    """The file that Spy was to start with is refused."""

    def __init__(self, news: News) -> None:
        super().__init__("\n".join(news.mistakes))
        self.news = news


class Configuration:
    """Decides which version of the file this process uses.

    Several processes decide alike: what one took is taken by the others, and what one has just refused is refused.
    """

    def __init__(self, bot: Bot, start: Start) -> None:
        self._bot, self._live, self._start = bot, bot.live, start
        self._process = f"{gethostname()}:{getpid()}"
        self._file = named(start.settings.path) if start.settings.path else ""
        self._planned, self._since = False, bot.clock.now()
        self._begun: Held | None = None
        self._has_served = False
        self._refused: Sequence[str] = ()
        self._unreported = list[TemplateMistake]()

    def begin(self) -> None:
        """Store which version this process starts with. Raises NotTaken if the file fails its trial."""
        settings = self._start.settings
        if self._start.refused:
            self._refuse(self._start.refused, at_start=True)
        elif settings.path:
            if mistakes := self._deaths(settings) or self._decide(settings, None):
                raise NotTaken(News(version=settings.version, text=settings.text, mistakes=tuple(mistakes)))
            begun = self._held(settings.version, settings.text)
            with self._versions() as versions:
                versions.begin(begun)
            self._begun = begun

    def end(self) -> None:
        """Store that this process has not died of the version with which it started, however soon it ends."""
        if self._begun:
            with suppress(Unavailable), self._versions() as versions:
                versions.end(self._begun)
            self._begun = None

    def look(self) -> None:
        """Take or refuse a file that has changed.

        The first look also sets the timers of open incidents, and logs which runbooks are left out.
        """
        self._serve()
        news = self._live.look()
        if news and news.settings is None:
            self._refuse(news)
        elif news and news.settings:
            self._follow(news, news.settings)
        elif not self._planned:
            self._replan()
            self._bot.runbooks.mistakes()
        self._planned = True
        self._tell_of_templates()

    def note(self) -> str:
        """Return what an operator must know of the file; "" if all of it is in use."""
        if not self._refused:
            keys = self._waiting_for_a_restart()
            return f"a restart is needed for {', '.join(keys)}" if keys else ""
        more = f" (and {len(self._refused) - 1} more)" if self._refused[1:] else ""
        version = self._live.settings.version[:SHORT]
        return f"the file is refused, and version {version} is in use: {self._refused[0]}{more}"

    def _waiting_for_a_restart(self) -> list[str]:
        begun, now = self._start.settings, self._live.settings
        changed = differences(begun.text, now.text)
        followed = [it for it in own_places() if effective(begun, it) == effective(now, it)]
        return begun_by([it for it in changed if it not in followed], NEEDS_RESTART)

    # --- deaths ---

    def _deaths(self, settings: Settings) -> Sequence[str]:
        """Return why a version that has never served is not tried again: processes die with it."""
        with self._bot.database.read() as session:
            taken = session.config_versions.taken(limit=LISTED)
        version = next((it for it in taken if it.hash == settings.version), None)
        deaths = version.deaths(self._file, self._bot.clock.now()) if version else 0
        if version is None or deaths < DEADLY:
            return ()
        served = [it for it in taken if it.has_served]
        if any(it.content == version.content for it in served) or not any(it.text for it in served):
            return ()
        return (DEADLY_FILE.format(path=settings.path, deaths=deaths),)

    def _serve(self) -> None:
        """Store, once, that this process has lived with its version for some time."""
        if not self._has_served and self._bot.clock.now() - self._since >= SERVES_AFTER:
            with self._versions() as versions:
                versions.serve(self._live.settings.version)
            self._begun, self._has_served = None, True

    @contextmanager
    def _versions(self) -> Iterator[ConfigVersions]:
        with self._bot.database.begin() as session:
            yield ConfigVersions(self._tx(session, self._live.policy()))

    def _held(self, version: str, text: str) -> Held:
        content = content_of(text) if text else ""
        return Held(hash=version, content=content, text=text, file=self._file, by=self._process)

    # --- deciding ---

    def _follow(self, news: News, settings: Settings) -> None:
        if mistakes := self._decide(settings, self._live.settings):
            self._refuse(replace(news, mistakes=tuple(mistakes)))
            return
        self.end()
        self._live.adopt(settings)
        self._bot.adopt(self._live.policy())
        self._refused, self._has_served, self._since = (), False, self._bot.clock.now()
        self._replan()
        keys = self._waiting_for_a_restart()
        restart = {"restart_for": keys} if keys else {}
        log.info(
            "the configuration has changed, and is taken over", version=settings.version[:SHORT], **restart
        )

    def _decide(self, settings: Settings, before: Settings | None) -> Sequence[str]:
        """Take a version, or return why not. One that was in use a short time ago has passed its trial then."""
        began, mistakes = self._bot.clock.now(), list[str]()
        with self._bot.database.read() as session:
            taken = session.config_versions.taken(limit=LISTED)
        held = self._held(settings.version, settings.text)
        last = taken[0] if taken else None
        earlier = last if last and last.hash == held.hash else _earlier(held, taken) or last
        before = before or (self._settings_of(earlier) if earlier else None)
        if before and held.content not in {it.content for it in taken if it.text is not None}:
            from bot.app.live.config_trial import failings  # noqa: PLC0415  few starts need what it loads

            bot = self._bot
            mistakes = failings(
                settings,
                before,
                registry=bot.router.registry,
                templates=bot.templates.now,
                sessions=bot.database,
                clock=bot.clock,
            )
        with self._bot.database.begin() as session:
            versions = ConfigVersions(self._tx(session, settings.policy()))
            if agreed := versions.agreed(settings.version, mistakes, since=began):
                return agreed
            versions.take(
                replace(held, text=None) if has_secret(settings) else held,
                change=in_one_line(before.text, settings.text) if before else NOT_KNOWN if last else FIRST,
            )
        return ()

    def _settings_of(self, version: ConfigVersion) -> Settings | None:
        """Return the settings of an earlier version; None if this Spy can't read it any more."""
        try:
            return load(self._live.settings.path, text=version.text) if version.text else None
        except ConfigError:
            return None

    def _refuse(self, news: News, *, at_start: bool = False) -> None:
        with self._versions() as versions:
            versions.refuse(self._held(news.version, news.text), news.mistakes, at_start=at_start)
        self._bot.delivery.wake()
        self._live.leave(news.version)
        self._refused = news.mistakes
        for line in news.mistakes:
            log.error(AT_START if at_start else REFUSED, why=line)

    def _replan(self) -> None:
        """Set the timers of all that is open, each in a transaction of its own: one for all would hold up commands."""
        with self._bot.database.read() as session:
            incidents, people = Reminders(self._tx(session, self._live.policy())).open()
        work: Sequence[Callable[[Reminders], None]] = (
            *(partial(Reminders.replan_incident, number=it) for it in incidents),
            *(partial(Reminders.replan_person, person=it) for it in people),
            Reminders.replan_on_call,
            Reminders.replan_settings,
        )
        busy: list[Callable[[Reminders], None]] = []
        for it in work:
            if not self._replanned(it):
                busy.append(it)
            if len(busy) > MOST_BUSY:
                break  # it is more than a lock
        if not all(self._replanned(it) for it in busy):
            raise Unavailable("timers could not be set: a lock was not free, or the database does not answer")

    def _replanned(self, work: Callable[[Reminders], None]) -> bool:
        """Do a part of it. Return False if somebody else holds a lock for too long."""

        def transact() -> None:
            with self._bot.database.begin_background() as session:
                work(Reminders(self._tx(session, self._live.policy())))

        with suppress(Unavailable):
            retry_on_conflict(transact)
            return True
        return False

    def _tx(self, session: Session, policy: Policy) -> Transaction:
        return Transaction(session=session, now=self._bot.clock.now(), policy=policy)

    # --- templates ---

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
        policy = self._live.policy()
        message = self._bot.templates.render(template, {"mistakes": mistakes})
        with self._bot.database.begin() as session:
            self._tx(session, policy).send(
                *(Post(key=f"{key}:{to}", to=to, message=message) for to in policy.maintainers)
            )
        self._bot.delivery.wake()


def _earlier(held: Held, taken: Sequence[ConfigVersion]) -> ConfigVersion | None:
    """Return what was taken from this file before: another process may have a file of its own."""
    return newest_of((it for it in taken if it.hash != held.hash), held.file)


def has_secret(settings: Settings) -> bool:
    """Return whether the file holds the value of a secret, so that its text is not kept."""
    secrets = [it for it in settings.env.secrets() if len(it) >= SHORTEST]
    return Masking(secrets).of(settings.text) != settings.text
