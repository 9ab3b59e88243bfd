"""Promises to cover, made good in PagerDuty."""

from bot.delivery.errand import Errand, unsupported
from bot.domain.cover import CoverRequest, CoverState
from bot.domain.effects import MakeOverride
from bot.domain.shift import Turn
from bot.ports import Chat, Pager, Parcel, Rejected
from bot.services.covers import Covers
from bot.services.desk import Desk


class CoverCourier:
    def __init__(self, chat: Chat, pager: Pager | None) -> None:
        self._chat = chat
        self._pager = pager

    def errand(self, parcel: Parcel, desk: Desk) -> Errand | None:
        effect = parcel.effect
        if not isinstance(effect, MakeOverride):
            raise unsupported(effect)
        cover = desk.work.covers.get(effect.cover)
        if cover is None or cover.state is not CoverState.PROMISED or not cover.taken_by:
            return None
        taker = cover.taken_by
        known = desk.work.people.get(taker)
        email = known.email if known else None
        return Errand(
            go=lambda: self._override(cover, email or self._email_of(taker)),
            settle=lambda desk, turn: Covers(desk).made_sure(cover.number, turn),
        )

    def gave_up(self, parcel: Parcel, desk: Desk, why: str) -> None:
        if isinstance(parcel.effect, MakeOverride):
            Covers(desk).refused(parcel.effect.cover, why)

    def _override(self, cover: CoverRequest, email: str) -> Turn:
        """A second try finds what the first one made."""
        if self._pager is None:
            raise Rejected("no_pager", "PagerDuty is not set up; see `pagerduty:` in config.yaml")
        return self._pager.override(cover.schedule, email=email, start=cover.start, end=cover.end)

    def _email_of(self, person: str) -> str:
        found = self._chat.profile(person).email
        if not found:
            raise Rejected("no_email", "Slack gave no e-mail for this person, so PagerDuty can't find them")
        return found
