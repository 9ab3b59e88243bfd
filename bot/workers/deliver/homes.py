"""Home tabs in Slack: they show what is true when they are sent. One that shows that already is not sent."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import NamedTuple

import structlog

from bot.domain.home.effects import PublishHome
from bot.domain.home.home import WATCHED_FOR, Home
from bot.domain.message import Message
from bot.ports import OutboxItem, Rejected, Templates, Throttled, Unreachable
from bot.services.home.homes import Homes
from bot.services.home.view import HomeView
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers

OVERTAKEN = "hash_conflict"
"""Slack's error code if the tab shows another state than the one that Spy meant to replace."""
OFF = "not_enabled"
"""Slack's error code if the app has no Home tab."""

log = structlog.get_logger()


class _Shown(NamedTuple):
    mark: str | None


class _Overtaken(NamedTuple):
    pass


class _Off(NamedTuple):
    """There is no such tab: it is off, or the person is gone."""


@dataclass(frozen=True, kw_only=True)
class DrawnHome:
    """What a Home is to show. `shown` is a digest of it, without the time at which it was drawn."""

    message: Message
    shown: str
    is_gone: bool = False
    """Whether the person's account is deactivated."""


@dataclass(frozen=True)
class HomeDrawing:
    templates: Templates

    def of(self, home: Home, tx: Transaction) -> DrawnHome:
        """Draw what is true now. Who has not looked lately, or is gone, gets an empty Home."""
        known, names = tx.session.people.get(home.person), People(tx).name
        is_gone = known is not None and known.is_deactivated
        if is_gone or not home.is_watched(tx.now):
            closed = self.templates.render("home/closed", {})
            return DrawnHome(message=closed, shown=_digest(closed), is_gone=is_gone)
        body = self.templates.render("home/home", HomeView(tx, home.person).facts(), names=names)
        made = self.templates.render("home/made", {"at": tx.now, "until": home.until}, names=names)
        whole = Message(text=f"{body.text}\n\n{made.text}", parts=(*body.parts, *made.parts))
        return DrawnHome(message=whole, shown=_digest(body))


def _digest(message: Message) -> str:
    return sha256(repr((message.text, message.parts)).encode()).hexdigest()


@delivers(PublishHome)
class HomeHandler(EffectHandler[PublishHome]):
    def attempt(self, effect: PublishHome, item: OutboxItem, tx: Transaction) -> Attempt | None:
        home = tx.session.homes.get(effect.person)
        if home is None:
            return None
        drawn = HomeDrawing(self.templates).of(home, tx)
        if drawn.shown == home.shown and not item.uncertain:
            return None

        def on_success(tx: Transaction, came: _Shown | _Overtaken | _Off) -> None:
            match came:
                case _Overtaken():
                    Homes(tx).overtaken(effect.person, origin=effect.key)
                case _Off():
                    Homes(tx).give_up(effect.person)
                case _Shown():
                    Homes(tx).published(home, shown=drawn.shown, mark=came.mark)

        call = partial(self._publish, home, drawn)
        return Attempt(call=call, on_success=on_success, patience=WATCHED_FOR)

    def _publish(self, home: Home, drawn: DrawnHome) -> _Shown | _Overtaken | _Off:
        try:
            return _Shown(self.chat.publish_home(home.person, drawn.message, replaces=home.mark))
        except Rejected as refused:
            if refused.code == OVERTAKEN:
                return _Overtaken()
            if drawn.is_gone or refused.code == OFF:
                log.warning("a Home tab can't be published", person=home.person, why=refused.logged)
                return _Off()
            self._cover_up(home)
            raise

    def _cover_up(self, home: Home) -> None:
        """Take off what the tab shows, because Slack refuses what is true by now."""
        plain = self.templates.render("home/unshown", {})
        with suppress(Rejected, Throttled, Unreachable):
            self.chat.publish_home(home.person, plain)

    def on_giving_up(self, effect: PublishHome, tx: Transaction, why: str) -> None:
        Homes(tx).give_up(effect.person)
        Undelivered(tx).tell_maintainers(effect, why)
