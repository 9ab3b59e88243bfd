"""The webhook for changes that any tool can send."""

from collections.abc import Callable, Mapping

from bot.domain.change import Change
from bot.ports import Rejected
from bot.services.changes import Changes
from bot.services.transaction import Transaction
from bot.web.app import Handler, WebAnswer
from bot.web.webhooks.backend import Backend, refused

Reader = Callable[[bytes, Mapping[str, str]], Change]
"""Reads a change from body and headers. Raises Rejected if it is not signed or not readable."""


def changes(backend: Backend, read: Reader) -> Handler:
    def handle(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        try:
            change = read(body, headers)
        except Rejected as rejected:
            return refused(rejected)

        def keep(tx: Transaction) -> WebAnswer:
            kept = Changes(tx).hear(change)
            return WebAnswer(status=202, body=f"Kept as change {kept.number} of {kept.service}.\n")

        return backend.once("changes", headers.get("x-spy-signature", ""), keep)

    return handle
