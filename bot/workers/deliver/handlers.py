"""Which handler takes which effect."""

from collections.abc import Callable
from functools import partial

from bot.domain.effects import (
    ChannelEffect,
    CreateChannel,
    Effect,
    MakeOverride,
    PageEffect,
    PostmortemEffect,
    ReadMessage,
    SayCommand,
)
from bot.ports import Chat, IssueTracker, OutboxItem, Pager, Templates
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.attempt import Attempt, Handler, unsupported
from bot.workers.deliver.channels import ChannelHandler
from bot.workers.deliver.covers import CoverHandler
from bot.workers.deliver.messages import MessageHandler
from bot.workers.deliver.pages import PageHandler
from bot.workers.deliver.postmortems import PostmortemHandler

RunCommand = Callable[[SayCommand, str | None], None]
"""Acts on a command once, whoever asks however often: the effect's key tells it is the same one."""


class Handlers:
    """Tells the kinds of effects apart; each kind's attempts are in a file of their own."""

    def __init__(
        self,
        chat: Chat,
        pager: Pager | None,
        templates: Templates,
        say: RunCommand | None = None,
        tracker: Callable[[], IssueTracker] | None = None,
    ) -> None:
        self._postmortems = PostmortemHandler(tracker, templates)
        self._commands = CommandHandler(say)
        self._channels = ChannelHandler(chat, templates)
        self._covers = CoverHandler(chat, pager)
        self._pages = PageHandler(chat, pager, templates)
        self._chat = MessageHandler(chat, templates)

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        return self._of(item.effect).attempt(item, tx)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        self._of(item.effect).on_giving_up(item, tx, why)

    def _of(self, effect: Effect) -> Handler:
        match effect:
            case SayCommand():
                return self._commands
            case PostmortemEffect():
                return self._postmortems
            case MakeOverride():
                return self._covers
            case PageEffect():
                return self._pages
            case ChannelEffect() | CreateChannel() | ReadMessage():
                return self._channels
        return self._chat


class CommandHandler:
    """Commands that a milestone says in somebody's name."""

    def __init__(self, say: RunCommand | None) -> None:
        self._say = say

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        effect = item.effect
        if not isinstance(effect, SayCommand):
            raise unsupported(effect)
        place = tx.incident(effect.incident).channel
        return Attempt(call=partial(self._say, effect, place)) if self._say else None

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        Undelivered(tx).tell(item.effect, why)
