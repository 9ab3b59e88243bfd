"""Home tabs in Slack: what is true when it is sent, and nothing if the tab shows that already."""

from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import NamedTuple

import structlog

from bot.domain.home.effects import PublishHome
from bot.domain.home.home import LATELY, Home
from bot.domain.message import Message
from bot.ports import OutboxItem, Rejected, Throttled, Unreachable
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


@delivers(PublishHome)
class HomeHandler(EffectHandler[PublishHome]):
    def attempt(self, effect: PublishHome, item: OutboxItem, tx: Transaction) -> Attempt | None:
        home = tx.session.homes.get(effect.person)
        if home is None:
            return None
        known = tx.session.people.get(home.person)
        is_gone = known is not None and known.is_deactivated
        message, shown = self._closed() if is_gone or not home.is_watched(tx.now) else self._drawn(home, tx)
        if shown == home.shown and not item.uncertain:
            return None

        def on_success(tx: Transaction, came: _Shown | _Overtaken | _Off) -> None:
            match came:
                case _Overtaken():
                    Homes(tx).overtaken(effect.person, origin=effect.key)
                case _Off():
                    Homes(tx).give_up(effect.person)
                case _Shown():
                    Homes(tx).published(home, shown=shown, mark=came.mark)

        call = partial(self._publish, home, message, is_gone=is_gone)
        return Attempt(call=call, on_success=on_success, patience=LATELY)

    def _drawn(self, home: Home, tx: Transaction) -> tuple[Message, str]:
        """Return what the tab is to show, and a digest of it. The time at which it is made is not in the digest."""
        names = People(tx).name
        body = self.templates.render("home/home", HomeView(tx, home.person).facts(), names=names)
        made = self.templates.render("home/made", {"at": tx.now, "until": home.until}, names=names)
        whole = Message(text=f"{body.text}\n\n{made.text}", parts=(*body.parts, *made.parts))
        return whole, digest(body)

    def _closed(self) -> tuple[Message, str]:
        closed = self.templates.render("home/closed", {})
        return closed, digest(closed)

    def _publish(self, home: Home, message: Message, *, is_gone: bool) -> _Shown | _Overtaken | _Off:
        try:
            return _Shown(self.chat.publish_home(home.person, message, replaces=home.mark))
        except Rejected as refused:
            if refused.code == OVERTAKEN:
                return _Overtaken()
            if is_gone or refused.code == OFF:
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


def digest(message: Message) -> str:
    return sha256(repr((message.text, message.parts)).encode()).hexdigest()
