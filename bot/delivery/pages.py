"""Pages: sent once under their key, honest about every failure, answered in PagerDuty from chat."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.delivery.errand import Errand, unsupported
from bot.domain.effects import AnswerPage, EscalatePage, PageEffect, SendPage
from bot.domain.page import Page, PageState
from bot.ports import Chat, Pager, PagerNews, Parcel, Rejected, Ringing, Templates
from bot.services.desk import Desk
from bot.services.paging import Paging
from bot.services.people import People
from bot.services.undelivered import Undelivered

PATIENCE = timedelta(minutes=30)
"""How long a page is tried; people have been told another way to reach each other long before."""
SAID_AFTER = timedelta(seconds=1)
"""In vain after which the room hears that PagerDuty does not take it: one quick try more, and then it is said."""


class PageCourier:
    def __init__(self, chat: Chat, pager: Pager | None, templates: Templates) -> None:
        self._chat = chat
        self._maybe_pager = pager
        self._templates = templates

    @property
    def _pager(self) -> Pager:
        if self._maybe_pager is None:
            raise Rejected("no_pager", "PagerDuty is not set up; see `pagerduty:` in config.yaml")
        return self._maybe_pager

    def errand(self, parcel: Parcel, desk: Desk) -> Errand | None:
        effect = parcel.effect
        if not isinstance(effect, PageEffect):
            raise unsupported(effect)
        page = desk.work.pages.get(effect.page)
        if page is None or page.state is PageState.RESOLVED:
            return None
        match effect:
            case SendPage():
                return self._send(page, desk)
            case AnswerPage():
                return self._answer(effect, page, desk) if page.pagerduty_id else None
            case EscalatePage():
                return self._escalate(effect, page)
        raise unsupported(effect)

    def _send(self, page: Page, desk: Desk) -> Errand:
        incident = desk.incident(page.incident) if page.incident else None
        if incident and incident.is_over_since(page.requested_at):
            return self._withdraw(page)
        facts = {"page": page, "incident": incident}
        names = People(desk).name
        title = self._templates.render("page/title", facts, names=names).text
        details = self._templates.render("page/details", facts, names=names).text

        def struggle(desk: Desk, why: str, in_vain: timedelta) -> None:
            if in_vain >= SAID_AFTER:
                Paging(desk).delayed(page.number, why)

        return Errand(
            go=partial(self._ring, page, self._service(page, desk), title, details, self._email(page, desk)),
            look=lambda: self._pager.find(page.key),
            settle=lambda desk, ringing: Paging(desk).sent(page.number, ringing),
            struggle=struggle,
            patience=PATIENCE,
        )

    def _withdraw(self, page: Page) -> Errand:
        """Ring nobody for what is over; an earlier try may have rung unheard, and is resolved after this."""

        def settle(desk: Desk, ringing: Ringing | None) -> None:
            if ringing:
                Paging(desk).sent(page.number, ringing)
            else:
                Paging(desk).withdrawn(page.number)

        return Errand(
            go=lambda: self._pager.find(page.key),
            settle=settle,
            patience=PATIENCE,
        )

    def _service(self, page: Page, desk: Desk) -> tuple[str, str | None]:
        if not page.team:
            return Paging(desk).service_for_people(), None
        team = desk.policy.team(page.team)
        return team.service or Paging(desk).service_for_people(), team.escalation_policy

    def _email(self, page: Page, desk: Desk) -> str | None:
        known = desk.work.people.get(page.person) if page.person else None
        return known.email if known else None

    def _ring(
        self, page: Page, where: tuple[str, str | None], title: str, details: str, email: str | None
    ) -> Ringing:
        service, policy = where
        try:
            if not page.person:
                return self._pager.page_policy(
                    key=page.key, title=title, details=details, service=service, policy=policy
                )
            address = email or self._ask_email(page.person)
            return self._pager.page_person(
                key=page.key,
                title=title,
                details=details,
                service=service,
                email=address,
                gently=page.test,
            )
        except Rejected as rejected:
            found = self._pager.find(page.key) if rejected.code == "duplicate" else None
            if found is None:
                raise
            return found

    def _ask_email(self, person: str) -> str:
        found = self._chat.profile(person).email
        if not found:
            raise Rejected(
                "no_email", "Slack gave no e-mail for this person, so PagerDuty can't be asked for them"
            )
        return found

    def _answer(self, effect: AnswerPage, page: Page, desk: Desk) -> Errand:
        known = desk.work.people.get(effect.by)
        who = known.name if known else f"<@{effect.by}>"

        def settle(desk: Desk, ringing: Ringing) -> None:
            kind = ringing.status if ringing.status == "resolved" else effect.answer
            said = replace(ringing, key=page.key, who=who)
            Paging(desk).heard(PagerNews(id=effect.key, kind=kind, page=said))

        email = known.email if known else None
        return Errand(
            go=lambda: self._pager.answer(page.pagerduty_id or "", effect.answer, email=email),
            settle=settle,
            patience=PATIENCE,
        )

    def _escalate(self, effect: EscalatePage, page: Page) -> Errand | None:
        """An answer that came meanwhile stops it; where there is no such level, the room hears so."""
        if page.state is not PageState.SENT or page.level >= effect.level:
            return None

        return Errand(
            go=lambda: self._pager.escalate(page.pagerduty_id or "", effect.level),
            settle=lambda desk, ringing: Paging(desk).escalated(page.number, effect.level, ringing),
            patience=PATIENCE,
        )

    def gave_up(self, parcel: Parcel, desk: Desk, why: str) -> None:
        match parcel.effect:
            case SendPage(page=page):
                Paging(desk).failed(page, why)
            case effect:
                Undelivered(desk).tell(effect, why)
