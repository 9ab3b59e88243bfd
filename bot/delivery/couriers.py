"""Which courier takes which effect."""

from collections.abc import Callable
from functools import partial

from bot.delivery.afterwards import AfterwardsCourier
from bot.delivery.chat import ChatCourier
from bot.delivery.covers import CoverCourier
from bot.delivery.errand import Errand
from bot.delivery.pages import PageCourier
from bot.delivery.rooms import RoomCourier
from bot.domain.effects import (
    Afterwards,
    MakeOverride,
    OpenRoom,
    PageEffect,
    ReadMessage,
    RoomEffect,
    SayCommand,
)
from bot.ports import Chat, Forge, Pager, Parcel, Templates
from bot.services.desk import Desk


class Couriers:
    """Tells the kinds of effects apart; each kind's errands are in a file of their own.

    `say` acts on a command once, whoever asks however often: the effect's key tells it is the same one.
    """

    def __init__(
        self,
        chat: Chat,
        pager: Pager | None,
        templates: Templates,
        say: Callable[[SayCommand, str | None], None] | None = None,
        forge: Callable[[], Forge] | None = None,
    ) -> None:
        self._afterwards = AfterwardsCourier(forge, templates)
        self._say = say
        self._rooms = RoomCourier(chat, templates)
        self._covers = CoverCourier(chat, pager)
        self._pages = PageCourier(chat, pager, templates)
        self._chat = ChatCourier(chat, templates)

    def errand(self, parcel: Parcel, desk: Desk) -> Errand | None:
        effect = parcel.effect
        if isinstance(effect, SayCommand):
            place = desk.incident(effect.incident).room
            return Errand(go=partial(self._say, effect, place)) if self._say else None
        if isinstance(effect, Afterwards):
            return self._afterwards.errand(parcel, desk)
        if isinstance(effect, MakeOverride):
            return self._covers.errand(effect, desk)
        if isinstance(effect, PageEffect):
            return self._pages.errand(effect, desk)
        if isinstance(effect, RoomEffect | OpenRoom | ReadMessage):
            return self._rooms.errand(effect, desk)
        return self._chat.errand(parcel, desk)
