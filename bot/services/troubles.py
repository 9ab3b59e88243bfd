"""Lasting problems, each reported once to those who can fix it, and once more when it is over."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.domain.effects import Notify
from bot.domain.trouble import Trouble
from bot.services.transaction import Transaction


class Troubles:
    """Stores problems by key. A known problem is not reported again, in this process or another."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.troubles

    def begins(
        self,
        key: str,
        why: str,
        *,
        tell: Iterable[str] = (),
        template: str = "",
        facts: Mapping[str, Any] | None = None,
        moved_to: str | None = None,
    ) -> bool:
        """Store a problem and report it to these addresses. Return False if it is known already.

        The template gets `facts`, `why` and `since`.
        """
        known = self._known(key)
        if known and known.lasts:
            return False
        told = tuple(dict.fromkeys(tell))
        trouble = Trouble(key=key, why=why, since=self._tx.now, told=told, moved_to=moved_to)
        self._records.put(trouble)
        self._tell(trouble, "began", template, facts or {})
        return True

    def ends(self, key: str, *, template: str = "", facts: Mapping[str, Any] | None = None) -> Trouble | None:
        """Report to the same addresses that the problem is over. Return None if there was none."""
        known = self._records.get(key)
        if known is None or not known.lasts:
            return None
        self._tx.session.lock(f"trouble:{key}")
        over = replace(known, over_at=self._tx.now)
        self._records.put(over)
        self._tell(over, "over", template, facts or {})
        return over

    def replaced(self, key: str) -> None:
        """End a problem without a report: that of another one has taken its place."""
        known = self._known(key)
        if known and known.lasts:
            self._records.put(replace(known, over_at=self._tx.now))

    def _known(self, key: str) -> Trouble | None:
        self._tx.session.lock(f"trouble:{key}")
        return self._records.get(key)

    def _tell(self, trouble: Trouble, end: str, template: str, facts: Mapping[str, Any]) -> None:
        mark = int(trouble.since.timestamp() * 1000)
        known = {"why": trouble.why, "since": trouble.since, **facts}
        for to in trouble.told:
            key = f"trouble:{trouble.key}:{mark}:{end}:{to}"
            self._tx.send(Notify(key=key, to=to, template=template, facts=known))
