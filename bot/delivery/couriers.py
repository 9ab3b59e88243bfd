"""Which courier takes which effect, and where an address leads."""

from bot.delivery.chat import ChatCourier
from bot.delivery.errand import Errand, unsupported
from bot.delivery.pages import PageCourier
from bot.delivery.rooms import RoomCourier
from bot.domain.effects import OpenRoom, PageEffect, ReadMessage, RoomEffect
from bot.ports import Chat, Pager, Parcel, Templates
from bot.services.desk import Desk


class Couriers:
    """Tells the kinds of effects apart; each kind's errands are in a file of their own."""

    def __init__(self, chat: Chat, pager: Pager | None, templates: Templates) -> None:
        self._rooms = RoomCourier(chat, templates)
        self._pages = PageCourier(chat, pager, templates)
        self._chat = ChatCourier(chat, templates)

    def errand(self, parcel: Parcel, desk: Desk) -> Errand | None:
        effect = parcel.effect
        if isinstance(effect, PageEffect):
            return self._pages.errand(effect, desk)
        if isinstance(effect, RoomEffect | OpenRoom | ReadMessage):
            return self._rooms.errand(effect, desk)
        return self._chat.errand(parcel, desk)


__all__ = ["Couriers", "unsupported"]
