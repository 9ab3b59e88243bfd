"""Which courier takes which effect."""

from collections.abc import Callable
from functools import partial

from bot.delivery.afterwards import AfterwardsCourier
from bot.delivery.chat import ChatCourier
from bot.delivery.covers import CoverCourier
from bot.delivery.errand import Courier, Errand, unsupported
from bot.delivery.pages import PageCourier
from bot.delivery.rooms import RoomCourier
from bot.domain.effects import (
    Afterwards,
    Effect,
    MakeOverride,
    OpenRoom,
    PageEffect,
    ReadMessage,
    RoomEffect,
    SayCommand,
)
from bot.ports import Chat, Forge, Pager, Parcel, Templates
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered

Say = Callable[[SayCommand, str | None], None]
"""Acts on a command once, whoever asks however often: the effect's key tells it is the same one."""


class Couriers:
    """Tells the kinds of effects apart; each kind's errands are in a file of their own."""

    def __init__(
        self,
        chat: Chat,
        pager: Pager | None,
        templates: Templates,
        say: Say | None = None,
        forge: Callable[[], Forge] | None = None,
    ) -> None:
        self._afterwards = AfterwardsCourier(forge, templates)
        self._commands = CommandCourier(say)
        self._rooms = RoomCourier(chat, templates)
        self._covers = CoverCourier(chat, pager)
        self._pages = PageCourier(chat, pager, templates)
        self._chat = ChatCourier(chat, templates)

    def errand(self, parcel: Parcel, tx: Transaction) -> Errand | None:
        return self._of(parcel.effect).errand(parcel, tx)

    def gave_up(self, parcel: Parcel, tx: Transaction, why: str) -> None:
        self._of(parcel.effect).gave_up(parcel, tx, why)

    def _of(self, effect: Effect) -> Courier:
        match effect:
            case SayCommand():
                return self._commands
            case Afterwards():
                return self._afterwards
            case MakeOverride():
                return self._covers
            case PageEffect():
                return self._pages
            case RoomEffect() | OpenRoom() | ReadMessage():
                return self._rooms
        return self._chat


class CommandCourier:
    """Commands that a milestone says in somebody's name."""

    def __init__(self, say: Say | None) -> None:
        self._say = say

    def errand(self, parcel: Parcel, tx: Transaction) -> Errand | None:
        effect = parcel.effect
        if not isinstance(effect, SayCommand):
            raise unsupported(effect)
        place = tx.incident(effect.incident).room
        return Errand(go=partial(self._say, effect, place)) if self._say else None

    def gave_up(self, parcel: Parcel, tx: Transaction, why: str) -> None:
        Undelivered(tx).tell(parcel.effect, why)
