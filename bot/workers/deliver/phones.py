"""Phone numbers for the one person who asked: read from Slack's profiles, shown, and kept nowhere."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot.domain.message import Message
from bot.domain.paging.effects import ShowPhones
from bot.domain.paging.page import Page
from bot.ports import OutboxItem, Rejected
from bot.services.paging.phones import Phones, Reach
from bot.services.people import People
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction
from bot.workers.deliver.address import Place, resolve
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers

PATIENCE = timedelta(minutes=10)
"""How long it is tried. Later the numbers are asked for again."""


@delivers(ShowPhones)
class PhonesHandler(EffectHandler[ShowPhones]):
    def attempt(self, effect: ShowPhones, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Show nothing to a guest, and nothing of a page that rings by now."""
        page = tx.session.pages.get(effect.page) if effect.page else None
        is_old = tx.now - item.queued_at > PATIENCE or (page is not None and _rings(page))
        if is_old or not Permissions(tx).may(effect.asker, "member"):
            return None
        phones, place = Phones(tx), resolve(effect.to, tx)
        them = phones.of_page(page) if page else [it for who in effect.people for it in phones.of_person(who)]
        paged = page.person if page else None
        names = {paged: People(tx).name(paged)} if paged else {}  # the transaction ends before the call

        def call() -> None:
            facts = {
                "reaches": self._with_profiles(them),
                "page": page,
                "is_looking": False,
                "has_looked": True,
            }
            self._post(place, effect, self.templates.render("paging/phones", facts, names=names.get))

        return Attempt(call=call, patience=PATIENCE)

    def on_giving_up(self, effect: ShowPhones, tx: Transaction, why: str) -> None:
        """Report nothing: who asked sees that nothing came."""

    def _with_profiles(self, them: Iterable[Reach]) -> list[Reach]:
        """Add the numbers of Slack's profiles where the pager has none."""
        found = []
        for it in them:
            phone = it.phone
            with suppress(Rejected):
                phone = phone or (self.chat.phone(it.person) if it.person else None)
            found.append(replace(it, phone=phone))
        return found

    def _post(self, place: Place, effect: ShowPhones, message: Message) -> None:
        """Post so that only the asker sees it; by DM if the channel does not allow that."""
        if place.to != effect.asker:
            with suppress(Rejected):
                thread = effect.thread or place.thread
                self.chat.post_ephemeral(place.to, effect.asker, message, thread=thread)
                return
        self.chat.post(effect.asker, message, key=effect.key)


def _rings(page: Page) -> bool:
    """Whether the pager has the page, and knows somebody to ring for it."""
    return page.pager_id is not None and not page.rings_nobody
