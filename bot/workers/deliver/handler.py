"""How effects are delivered: each kind has one handler, declared with `@delivers`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import bot.workers.deliver
from bot.domain.effects import Effect
from bot.domain.incident.effects import SayCommand
from bot.domain.proposal import Proposal
from bot.ports import Chat, HostedPage, IssueTracker, Mail, OutboxItem, Pager, Rejected, Templates
from bot.ports.webhooks import WebhookCaller
from bot.services.features import load_features
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.deliver.accounts import Accounts
from bot.workers.deliver.attempt import Attempt

RunCommand = Callable[[SayCommand, str | None], None]
"""Runs a command once, however often it is called: the effect's key identifies it."""
E = TypeVar("E", bound=Effect)
H = TypeVar("H", bound="type[EffectHandler[Any]]")


@dataclass(frozen=True, kw_only=True)
class Clients:
    """What handlers call. What begins with `open_` is called when it is first needed, not before."""

    templates: Templates
    chat: Chat
    maybe_pager: Pager | None = None
    open_tracker: Callable[[], IssueTracker] | None = None
    maybe_mail: Mail | None = None
    open_hosted_page: Callable[[], HostedPage] | None = None
    maybe_webhooks: WebhookCaller | None = None
    run_command: RunCommand | None = None
    run_request: Callable[[Mapping[str, Any]], None] | None = None
    run_proposal: Callable[[Proposal], None] | None = None
    """Runs an approved proposal once, however often it is called."""

    @property
    def pager(self) -> Pager:
        """Return the pager. Raises Rejected if there is none."""
        if self.maybe_pager is None:
            raise Rejected("no_pager", "no pager is set up; `spy check` says what is missing")
        return self.maybe_pager

    @property
    def tracker(self) -> IssueTracker:
        """Return the tracker. Raises Rejected if there is none."""
        if self.open_tracker is None:
            raise Rejected("no_tracker", "no tracker is set up; `spy check` says what is missing")
        return self.open_tracker()

    @property
    def mail(self) -> Mail:
        """Return the mail server. Raises Rejected if there is none."""
        if self.maybe_mail is None:
            raise Rejected("no_mail", "no mail server is set up; `spy check` says what is missing")
        return self.maybe_mail

    @property
    def webhooks(self) -> WebhookCaller:
        """Return what calls webhooks. Raises Rejected if there is none."""
        if self.maybe_webhooks is None:
            raise Rejected("no_webhooks", "this process calls no webhooks")
        return self.maybe_webhooks

    @property
    def hosted_page(self) -> HostedPage:
        """Return the hosted status page. Raises Rejected if there is none."""
        if self.open_hosted_page is None:
            raise Rejected("no_page", "no hosted status page is set up; `spy check` says what is missing")
        return self.open_hosted_page()

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.chat, lambda: self.pager)


class EffectHandler(Generic[E]):
    """One kind of effect: how it is tried, and what happens when it is given up."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.chat = clients.chat
        self.templates = clients.templates
        self.accounts = clients.accounts

    def attempt(self, effect: E, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Prepare the effect, in a read-only transaction. Return None if there is nothing left to do."""
        raise NotImplementedError

    def on_giving_up(self, effect: E, tx: Transaction, why: str) -> None:
        """Report that it will not be done, with the reason in a sentence. Renders nothing: that happens later."""
        Undelivered(tx).tell(effect, why)


HANDLERS: dict[type[Effect], type[EffectHandler[Any]]] = {}


def delivers(effect: type[Effect]) -> Callable[[H], H]:
    """Declare the handler of a kind of effect."""

    def declare(handler: H) -> H:
        if effect in HANDLERS:
            raise ValueError(f"two handlers deliver {effect.__name__}")
        HANDLERS[effect] = handler
        return handler

    return declare


class Handlers:
    """Every kind of effect with its handler, for the outbox."""

    def __init__(self, clients: Clients) -> None:
        load_features(bot.workers.deliver)
        self._handlers = {effect: handler(clients) for effect, handler in HANDLERS.items()}

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        return self._handlers[type(item.effect)].attempt(item.effect, item, tx)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        self._handlers[type(item.effect)].on_giving_up(item.effect, tx, why)
