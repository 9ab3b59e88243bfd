"""Pages: sent once under their key, every failure reported, answered in the pager from chat."""

from datetime import timedelta
from functools import partial
from typing import TypeVar

from bot.domain.paging.effects import AnswerPage, EscalatePage, FindResponder, PageEffect, SendPage
from bot.domain.paging.page import Page, PageState
from bot.domain.policy import Account
from bot.ports import OutboxItem, Rejected, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.paging.paging import Paging
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers

PATIENCE = timedelta(minutes=30)
"""How long a page is retried. People are told much earlier to reach each other another way."""
REPORTED_AFTER = timedelta(seconds=1)
"""How long tries fail before the channel is told. This leaves time for one quick retry."""
P = TypeVar("P", bound=PageEffect)


class PageHandler(EffectHandler[P]):
    """Handles effects of a page that is not over."""

    def attempt(self, effect: P, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        page = tx.session.pages.get(effect.page)
        if page is None or page.state is PageState.RESOLVED:
            return None
        return self.on_page(effect, page, tx)

    def on_page(self, effect: P, page: Page, tx: Transaction) -> Attempt | None:
        raise NotImplementedError


@delivers(FindResponder)
class ResponderHandler(PageHandler[FindResponder]):
    def on_page(self, effect: FindResponder, page: Page, tx: Transaction) -> Attempt | None:
        """Find who acknowledged it, by the e-mail that the pager has for them."""
        del tx
        if page.state is not PageState.ACKNOWLEDGED or page.acknowledged_person:
            return None
        return Attempt(
            call=partial(self._find, effect.user),
            on_success=lambda tx, person: PagerResults(tx).found(effect.page, person),
            patience=PATIENCE,
        )

    def _find(self, user: str) -> str | None:
        address = self.clients.pager.address(user)
        found = self.chat.find_by_email(address) if address else None
        return found.id if found else None


@delivers(SendPage)
class SendHandler(PageHandler[SendPage]):
    def on_page(self, effect: SendPage, page: Page, tx: Transaction) -> Attempt:
        del effect
        incident = tx.incident(page.incident) if page.incident else None
        if incident and incident.is_over_since(page.requested_at):
            return self._withdraw(page)
        facts = {"page": page, "incident": incident}
        names = People(tx).name
        title = self.templates.words("paging/title", facts, names=names)
        details = self.templates.words("paging/details", facts, names=names)

        def on_retry(tx: Transaction, why: str, in_vain: timedelta) -> None:
            if in_vain >= REPORTED_AFTER:
                PagerResults(tx).delayed(page.number, why)

        return Attempt(
            call=partial(
                self._ring,
                page,
                self._service(page, tx),
                title,
                details,
                self.accounts.of(page.person, tx),
            ),
            find_earlier=lambda: self.clients.pager.find(page.key),
            on_success=lambda tx, ringing: PagerResults(tx).sent(page.number, ringing),
            on_retry=on_retry,
            patience=PATIENCE,
        )

    def on_giving_up(self, effect: SendPage, tx: Transaction, why: str) -> None:
        PagerResults(tx).failed(effect.page, why)

    def _withdraw(self, page: Page) -> Attempt:
        """Page nobody for what is over. If an earlier try did reach the pager, that page is resolved next."""

        def on_success(tx: Transaction, ringing: Ringing | None) -> None:
            if ringing:
                PagerResults(tx).sent(page.number, ringing)
            else:
                PagerResults(tx).withdrawn(page.number)

        return Attempt(
            call=lambda: self.clients.pager.find(page.key),
            on_success=on_success,
            patience=PATIENCE,
        )

    def _service(self, page: Page, tx: Transaction) -> tuple[str, str | None]:
        if not page.team:
            return Paging(tx).service_for_people(), None
        team = tx.policy.team(page.team)
        return team.service or Paging(tx).service_for_people(), team.escalation_policy

    def _ring(
        self, page: Page, where: tuple[str, str | None], title: str, details: str, account: Account
    ) -> Ringing:
        service, policy = where
        try:
            if not page.person:
                return self.clients.pager.page_policy(
                    key=page.key, title=title, details=details, service=service, policy=policy
                )
            return self.clients.pager.page_person(
                key=page.key,
                title=title,
                details=details,
                service=service,
                email=self.accounts.known_email(account, page.person),
                gently=page.test,
            )
        except Rejected as rejected:
            found = self.clients.pager.find(page.key) if rejected.code == "duplicate" else None
            if found is None:
                raise
            return found


@delivers(AnswerPage)
class AnswerHandler(PageHandler[AnswerPage]):
    def on_page(self, effect: AnswerPage, page: Page, tx: Transaction) -> Attempt | None:
        if not page.pager_id:
            return None
        account = self.accounts.of(effect.by, tx)

        def on_success(tx: Transaction, ringing: Ringing) -> None:
            if not PagerResults(tx).answered(page.number, effect.answer, ringing, by=effect.by):
                Undelivered(tx).tell(
                    effect, f"{tx.policy.pager_name} took it, and has the page as {ringing.status}"
                )

        def on_retry(tx: Transaction, why: str, in_vain: timedelta) -> None:
            if in_vain >= REPORTED_AFTER:
                PagerResults(tx).waits(page.number, why)

        return Attempt(
            call=partial(self._give, effect, page.pager_id, account),
            on_success=on_success,
            on_retry=on_retry,
            patience=PATIENCE,
        )

    def on_giving_up(self, effect: AnswerPage, tx: Transaction, why: str) -> None:
        PagerResults(tx).not_answered(effect.page)
        Undelivered(tx).tell(effect, why)

    def _give(self, effect: AnswerPage, pager_id: str, account: Account) -> Ringing:
        """Acknowledge or resolve in a person's name. Not held up if Slack can't tell who they are."""
        email = self.accounts.email_if_known(account, effect.by)
        return self.clients.pager.answer(pager_id, effect.answer, email=email)


@delivers(EscalatePage)
class EscalationHandler(PageHandler[EscalatePage]):
    def on_page(self, effect: EscalatePage, page: Page, tx: Transaction) -> Attempt | None:
        """Escalate, unless someone has answered meanwhile or the incident has ended."""
        incident = tx.incident(page.incident) if page.incident else None
        if page.state is not PageState.SENT or page.answer or page.is_needless(incident):
            return None
        if not page.may_go_to(effect.level):
            return None
        return Attempt(
            call=lambda: self.clients.pager.escalate(page.pager_id or "", effect.level),
            on_success=lambda tx, ringing: PagerResults(tx).escalated(page.number, effect.level, ringing),
            patience=PATIENCE,
        )

    def on_giving_up(self, effect: EscalatePage, tx: Transaction, why: str) -> None:
        """Report what the pager would not do. That there is no further level is reported once."""
        if PagerResults(tx).not_escalated(effect.page):
            Undelivered(tx).tell(effect, why)
