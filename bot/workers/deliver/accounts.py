"""Who a Slack user is in the pager: by `people:` in config.yaml, otherwise by e-mail."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from bot.domain.policy import Account
from bot.ports import Chat, Pager, Rejected, Throttled, Unreachable
from bot.services.transaction import Transaction


class Accounts:
    def __init__(self, chat: Chat, pager: Callable[[], Pager]) -> None:
        """`pager` raises Rejected if the pager is not set up."""
        self._chat = chat
        self._pager = pager

    def of(self, person: str | None, tx: Transaction) -> Account:
        """Return what is known of a person's account, without a call."""
        known = tx.session.people.get(person) if person else None
        account = tx.policy.people.get(person or "") or Account()
        return replace(account, email=account.email or (known.email if known else None))

    def email(self, account: Account, person: str) -> str | None:
        """Return a person's e-mail at the pager: from there, otherwise from Slack. Calls out."""
        if account.pager_id:
            return self._pager().address(account.pager_id)
        return account.email or self._chat.profile(person).email

    def email_if_known(self, account: Account, person: str) -> str | None:
        """Return the same; None if Slack does not answer now."""
        if account.pager_id or account.email:
            return self.email(account, person)
        with suppress(Rejected, Throttled, Unreachable):
            return self.email(account, person)
        return None

    def known_email(self, account: Account, person: str) -> str:
        """Return the same; raises Rejected if neither knows it."""
        if found := self.email(account, person):
            return found
        raise Rejected("no_email", "Slack gave no e-mail for this person, so the pager can't find them")
