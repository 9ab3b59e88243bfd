"""Report effects that Spy has given up, and lanes that are stuck: once each, where people can read it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.effects import Effect, Notify
from bot.domain.paging.effects import PageEffect
from bot.domain.subject import Address, IncidentChannel, is_channel, is_person
from bot.ports import OutboxItem, Standstill
from bot.services.incident.channels import IncidentChannels
from bot.services.transaction import Transaction

STUCK, LEFT, BEHIND = "shared/stuck", "shared/left", "shared/behind"
"""The reports of this module."""


class Undelivered:
    """Reports failed effects. It renders nothing; messages are rendered when they are delivered."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def tell(self, effect: Effect, why: str) -> None:
        """Report a failed effect: in the incident's channel, else to its requester, else to the maintainers."""
        number = self._incident(effect)
        asker = getattr(effect, "by", None) or getattr(effect, "asker", None) or self._pager(effect)
        if number:
            IncidentChannels(self._tx).undelivered(number, what(effect), why)
        elif asker:
            facts = {"what": what(effect), "why": why}
            self._notify(f"unsaid:{effect.key}", asker, "shared/unsaid", facts)
        else:
            self.tell_maintainers(effect, why)

    def tell_maintainers(self, effect: Effect, why: str) -> None:
        """Report to the maintainers that a message failed, without its text; once a day for each destination."""
        if isinstance(effect, Notify) and effect.reports_failure:
            return
        to = getattr(effect, "person", None) or getattr(effect, "to", None)
        kind = getattr(effect, "message_type", type(effect).__name__)
        is_shown = isinstance(to, str) and (is_person(to) or is_channel(to))
        facts = {"what": what(effect), "to": to if is_shown else None, "why": why}
        for person in self._tx.policy.maintainers:
            key = f"lost:{kind}:{to}:{self._tx.now:%Y-%m-%d}:{person}"
            self._tx.send(
                Notify(key=key, to=person, template="shared/unsaid", facts=facts, reports_failure=True)
            )

    def stands_still(self, still: Standstill) -> None:
        """Report once that an effect is stuck, together with those behind it. A report is not reported itself."""
        if _is_report(still.effect):
            return
        number = self._incident(still.effect)
        facts = {"what": what(still.effect), "since": still.since}
        for place in [IncidentChannel(number)] if number else self._tx.policy.maintainers:
            key = f"{_stuck(still.id)}:{place}"
            self._notify(key, place, STUCK, facts, incident=number)

    def left(self, item: OutboxItem) -> None:
        """Report that a stuck effect was delivered, if it was reported as stuck."""
        if _is_report(item.effect):
            return
        number = self._incident(item.effect)
        for place in [IncidentChannel(number)] if number else self._tx.policy.maintainers:
            if self._session.outbox.knows(f"{_stuck(item.id)}:{place}"):
                key, facts = f"left:{item.id}:{place}", {"what": what(item.effect)}
                self._notify(key, place, LEFT, facts, incident=number)

    def is_behind(self, *, since: datetime) -> None:
        """Report to the maintainers, at most once an hour, that very much waits."""
        for person in self._tx.policy.maintainers:
            self._notify(f"behind:{self._tx.now:%Y-%m-%dT%H}:{person}", person, BEHIND, {"since": since})

    def _notify(
        self, key: str, to: Address, template: str, facts: Mapping[str, Any], incident: int | None = None
    ) -> None:
        self._tx.send(Notify(key=key, to=to, template=template, facts=facts, incident=incident))

    def _incident(self, effect: Effect) -> int | None:
        number: int | None = getattr(effect, "incident", None) or effect.needs_channel
        if isinstance(effect, PageEffect):
            page = self._session.pages.get(effect.page)
            number = page.incident if page else None
        to = getattr(effect, "to", None)
        if number is None and isinstance(to, IncidentChannel):
            number = to.incident
        found = self._session.incidents.get(number) if number else None
        if found is None and isinstance(to, str):
            found = self._session.incidents.in_channel(to)
        return found.number if found else None

    def _pager(self, effect: Effect) -> str | None:
        page = self._session.pages.get(effect.page) if isinstance(effect, PageEffect) else None
        return page.requested_by if page else None


def what(effect: Effect) -> str:
    """Return the name of an effect, as people see it."""
    facts = {**vars(effect), "people": ", ".join(f"<@{it}>" for it in getattr(effect, "people", ()))}
    return effect.label.format(**facts)


def _is_report(effect: Effect) -> bool:
    return isinstance(effect, Notify) and effect.template in {STUCK, LEFT, BEHIND}


def _stuck(item: int) -> str:
    return f"stuck:{item}"
