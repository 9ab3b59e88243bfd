"""What followers of an incident are told: by direct message, and by e-mail."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from bot.domain.audit import DONE, GIVEN_UP, SPY
from bot.domain.incident.following import Following, MailFollower, TellFollower, TellFollowers
from bot.ports import Deferred, Letter, Mail, OutboxItem, Rejected, Throttled, Unconfirmed
from bot.ports.mail import NO_SUCH_ADDRESS
from bot.services.audit import AuditLog
from bot.services.incident.followings import Facts, Followings
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import what
from bot.workers.deliver.address import Place
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers
from bot.workers.deliver.posts import PostingHandler

SOON = timedelta(minutes=5)
"""How long one direct message is tried while Slack answers: the next follower waits for it."""
MAIL_PATIENCE = timedelta(hours=4)
"""How long a mail is tried. Servers that refuse an unknown sender for now accept it within minutes."""
AGAIN = timedelta(minutes=5)
"""When a mail is tried again that the server refused for now."""
E = TypeVar("E", bound=TellFollower)


def nothing() -> None:
    """Make no call: there is nothing to tell this follower."""


@delivers(TellFollowers)
class FollowersHandler(EffectHandler[TellFollowers]):
    def attempt(self, effect: TellFollowers, item: OutboxItem, tx: Transaction) -> Attempt:
        del item, tx
        return Attempt(call=nothing, on_success=lambda tx, _: Followings(tx).begin(effect.incident))

    def on_giving_up(self, effect: TellFollowers, tx: Transaction, why: str) -> None:
        """Report nothing: the next news tell them this too."""


class FollowerHandler(PostingHandler[E]):
    """Tells one follower, and goes on with the next one, also if there is nothing to tell this one any more."""

    def attempt(self, effect: E, item: OutboxItem, tx: Transaction) -> Attempt:
        news = Followings(tx).news(effect)
        if news is None:
            return Attempt(call=nothing, on_success=lambda tx, _: Followings(tx).told(effect))
        return self.telling(effect, item, news, tx)

    def telling(self, effect: E, item: OutboxItem, news: Facts, tx: Transaction) -> Attempt:
        raise NotImplementedError

    def on_giving_up(self, effect: E, tx: Transaction, why: str) -> None:
        Followings(tx).lost(effect, why)


@delivers(TellFollower)
class DirectHandler(FollowerHandler[TellFollower]):
    def telling(self, effect: TellFollower, item: OutboxItem, news: Facts, tx: Transaction) -> Attempt:
        following: Following = news["following"]
        message = self.templates.render("incident/followed", news, names=People(tx).name)
        place = Place(to=following.reader)
        return Attempt(
            call=partial(self.post_in, place, message, effect.key),
            find_earlier=self.look(place, effect.key, item),
            on_success=lambda tx, _: Followings(tx).told(effect),
            patience=SOON,
        )


@dataclass
class _Sending:
    """One try of a mail. `is_doubtful`: an earlier try may have delivered it already."""

    mail: Callable[[], Mail]
    letter: Letter
    age: timedelta
    is_doubtful: bool
    came: str = ""

    def __call__(self) -> None:
        try:
            self.mail().send(self.letter)
        except Unconfirmed:
            self.came = "unconfirmed"
            if not self.is_doubtful:
                raise  # it is sent once more, with the same Message-ID
        except Deferred as deferred:
            self.came = "deferred"
            if self.age > MAIL_PATIENCE:
                raise Rejected("deferred", str(deferred)) from deferred
            raise Throttled(str(deferred), retry_after=AGAIN) from deferred


@delivers(MailFollower)
class MailHandler(FollowerHandler[MailFollower]):
    """Sends a mail. A server can't be asked what it has delivered.

    If nobody knows whether a mail arrived, it is sent once more, with the same Message-ID, and then taken as sent.
    """

    def telling(self, effect: MailFollower, item: OutboxItem, news: Facts, tx: Transaction) -> Attempt:
        following: Following = news["following"]
        sending = _Sending(
            mail=lambda: self.clients.mail,
            letter=self._letter(effect, item, news, tx),
            age=tx.now - item.queued_at,
            is_doubtful=following.doubtful == effect.upto,
        )

        def on_success(tx: Transaction, _result: object) -> None:
            Followings(tx).told(effect)
            AuditLog(tx).add(what(effect), DONE, source=SPY, incident=effect.incident)

        def on_retry(tx: Transaction, _why: str, _age: timedelta) -> None:
            if sending.came == "deferred":
                Followings(tx).put_off(effect)
            elif sending.came == "unconfirmed":
                Followings(tx).doubt(effect)

        return Attempt(call=sending, on_success=on_success, on_retry=on_retry, patience=MAIL_PATIENCE)

    def _letter(self, effect: MailFollower, item: OutboxItem, news: Facts, tx: Transaction) -> Letter:
        following: Following = news["following"]
        unfollow = f"{(tx.policy.dashboard.address or '').rstrip('/')}/unfollow/{following.token}"
        told = {
            "unfollow": unfollow,
            "by": following.by,
            "now": item.queued_at,
        }  # the same if it is sent again
        facts, names = {**news, **told}, People(tx).name
        return Letter(
            to=following.reader,
            subject=self.templates.words("incident/mail_subject", facts, names=names),
            text=self.templates.words("incident/followed_mail", facts, names=names),
            unfollow=unfollow,
            thread=f"inc-{effect.incident}.{following.mark}",
            number=effect.upto,
            first=following.first or effect.upto,
            at=item.queued_at,
        )

    def on_giving_up(self, effect: MailFollower, tx: Transaction, why: str) -> None:
        Followings(tx).lost(effect, why, is_unknown=NO_SUCH_ADDRESS in why)
        AuditLog(tx).add(what(effect), GIVEN_UP, source=SPY, why=why, incident=effect.incident)
