"""The webhook for changes that any tool can send."""

from collections.abc import Callable

from bot.domain.changes.change import Change
from bot.domain.service import Services, likeliest
from bot.domain.spelling import did_you_mean
from bot.services.changes.changes import Changes
from bot.services.transaction import Transaction
from bot.web.answer import Handler, WebAnswer
from bot.web.webhooks.backend import Backend, Headers, Webhook


def changes(backend: Backend, read: Callable[[bytes, Headers], Change]) -> Handler:
    return backend.handler(
        Webhook(
            source="changes", read=read, delivery=_signature, happened_at=_checked, keep=_keep, what=_what
        )
    )


def _checked(_change: Change) -> None:
    """Return nothing: the signed timestamp of the request is checked already, and a change may be older."""


def _signature(_change: Change, _body: bytes, headers: Headers) -> str:
    """Return the signature, which includes the time: a repeated delivery has the same one."""
    return headers.get("x-spy-signature", "").strip()


def _what(change: Change) -> str:
    return f"change of {change.service}"


def _keep(tx: Transaction, change: Change) -> WebAnswer:
    kept = Changes(tx).hear(change)
    return WebAnswer(
        status=202,
        body=f"Kept as change {kept.number} of {kept.service}.{_doubt(kept.service or '', tx.policy.services)}\n",
    )


def _doubt(service: str, services: Services) -> str:
    """Return a question about a service that is not listed, with a blank before it."""
    if not services or service in services:
        return ""
    return f" But there is no service {service}.{did_you_mean(likeliest(service, services))}"
