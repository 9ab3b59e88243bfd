"""Webhooks: queue what they are told, read it when it is sent, and say if one does not answer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from bot.domain.effects import Effect
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import HIDDEN, current, histories, line
from bot.domain.incident.webhooks import LONGEST_REPLAY, CallWebhook, wants
from bot.domain.refusal import Refusal
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened
from bot.domain.trouble import Trouble
from bot.domain.webhook import WebhookSettings
from bot.ports import Templates
from bot.ports.webhooks import WebhookCall
from bot.services.api.incidents import ApiViews
from bot.services.transaction import Transaction, follower
from bot.services.troubles import Troubles

SILENT = timedelta(minutes=10)
"""How long a webhook may refuse what it is told before the maintainers hear of it."""
OLDEST = timedelta(days=30)
"""How far back events are sent again."""


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """What a webhook is told: an event of an incident, and the incident as it is now."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


_EVENT = TypeAdapter(WebhookEvent)


@dataclass(frozen=True, kw_only=True)
class ListedWebhook:
    """A webhook, and its trouble if it does not answer."""

    webhook: WebhookSettings
    trouble: Trouble | None


class Webhooks:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._known = tx.policy.webhooks

    def listed(self) -> Sequence[ListedWebhook]:
        """Return all webhooks of config.yaml."""
        found = ((it, self._session.troubles.get(_failing(it.name))) for it in self._known.values())
        return [ListedWebhook(webhook=it, trouble=bad if bad and bad.lasts else None) for it, bad in found]

    def find(self, name: str) -> WebhookSettings:
        """Return a webhook by its name. Refuses one that is not in config.yaml."""
        if found := self._known.get(name.casefold()):
            return found
        meant = did_you_mean(nearest(name.casefold(), self._known))
        known = f" Webhooks: {', '.join(self._known)}." if self._known else " See `webhooks:` in config.yaml."
        raise Refusal(f"There is no webhook {shortened(name)}.{meant}{known}")

    # --- telling ---

    def test(self, webhook: WebhookSettings) -> None:
        """Send an event that says only that it is a test."""
        key, mark = f"webhook:{webhook.name}:test:{self._mark}", str(self._mark)
        self._tx.send(CallWebhook(key=key, webhook=webhook.name, mark=mark))

    def replay(self, webhook: WebhookSettings, since: datetime) -> int:
        """Send again what a webhook was to hear since then (UTC), each with its first id. Return how many."""
        if since < self._tx.now - OLDEST:
            raise Refusal(f"Events are sent again from the last {OLDEST.days} days. Give a later time.")
        alive = self._session.incidents.alive_since(since)
        wanted = [it.number for it in alive if self._is_wanted(webhook, it)]
        entries = self._session.timeline.among(wanted, webhook.events)
        again = sorted((it for it in entries if it.recorded_at >= since), key=lambda it: it.recorded_at)
        if len(again) > LONGEST_REPLAY:
            raise Refusal(f"That is {len(again)} events; {LONGEST_REPLAY} is the most. Give a later time.")
        self._tx.send(
            *(
                CallWebhook(
                    key=f"{_key(webhook, it.incident, it.seq)}:again:{self._mark}",
                    webhook=webhook.name,
                    number=it.incident,
                    line=it.seq,
                )
                for it in again
            )
        )
        return len(again)

    @property
    def _mark(self) -> int:
        return int(self._tx.now.timestamp() * 1000)

    def call(self, effect: CallWebhook, templates: Templates) -> WebhookCall | None:
        """Return what a webhook is told now; None if that is nothing: it is gone, or may not hear it any more."""
        webhook = self._known.get(effect.webhook)
        if webhook is None:
            return None
        ident = f"evt_{effect.number}_{effect.line}"
        if effect.number is None or effect.line is None:
            ident, event = f"evt_test_{effect.mark}", self._tested(webhook)
        elif found := self._event(webhook, effect.number, effect.line, templates):
            event = found
        else:
            return None
        body = _EVENT.dump_json(event)
        return WebhookCall(webhook=webhook.name, url=webhook.url, id=ident, at=self._tx.now, body=body)

    def _tested(self, webhook: WebhookSettings) -> WebhookEvent:
        return WebhookEvent(type="webhook.test", timestamp=self._tx.now, data={"webhook": webhook.name})

    def _event(
        self, webhook: WebhookSettings, number: int, seq: int, templates: Templates
    ) -> WebhookEvent | None:
        """Return an event as its line reads now; None if people removed or hid it."""
        incident = self._session.incidents.look(number)
        if incident is None or not self._is_wanted(webhook, incident):
            return None
        entries = self._session.timeline.with_edits(number, [seq])
        try:
            entry = current(entries, seq)
        except Refusal:
            return None
        if entry.visibility == HIDDEN:
            return None
        views = ApiViews(self._tx, templates)
        [told] = views.lines([line(entry, histories(entries))])
        data = {"incident": views.incident(incident), "line": told}
        return WebhookEvent(type=f"incident.{entry.kind}", timestamp=entry.occurred_at, data=data)

    def _is_wanted(self, webhook: WebhookSettings, incident: Incident) -> bool:
        paged = [it.team for it in self._session.pages.of(incident.number)] if webhook.teams else []
        return wants(webhook, incident, self._tx.policy.services, paged=paged)

    # --- what became of it ---

    def works(self, name: str) -> None:
        """Record that a webhook took what it was told, and say so if it had not for long."""
        Troubles(self._tx).ends(_failing(name), template="webhook/works", facts={"webhook": name})
        Troubles(self._tx).replaced(_lost(name))

    def fails(self, name: str, why: str, age: timedelta) -> None:
        """Tell the maintainers once if a webhook has not taken an event for some minutes."""
        if age >= SILENT:
            self._begins(_failing(name), why, "webhook/failing", name)

    def lost(self, name: str, why: str) -> None:
        """Tell the maintainers once that events are given up, until the webhook takes one again."""
        self._begins(_lost(name), why, "webhook/lost", name)

    def _begins(self, key: str, why: str, template: str, name: str) -> None:
        told, facts = self._tx.policy.maintainers, {"webhook": name}
        Troubles(self._tx).begins(key, why, tell=told, template=template, facts=facts)


def _failing(name: str) -> str:
    return f"webhook:{name}"


def _lost(name: str) -> str:
    return f"webhook-lost:{name}"


def _key(webhook: WebhookSettings, number: int, seq: int) -> str:
    return f"webhook:{webhook.name}:{number}:{seq}"


@follower
class EventsForWebhooks:
    """Queues what webhooks are told of a change. It stores numbers only: what they read is read when it is sent."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def follow(self, before: Incident | None, incident: Incident) -> Sequence[Effect]:
        if not self._tx.policy.webhooks:
            return ()
        return [*self._told(incident, since=before.entries if before else 0)]

    def _told(self, incident: Incident, *, since: int) -> Iterator[Effect]:
        for webhook in self._tx.policy.webhooks.values():
            if incident.private and not webhook.private:
                continue
            for seq in range(since + 1, incident.entries + 1):
                if self._is_one_of(webhook.events, incident.number, seq):
                    key = _key(webhook, incident.number, seq)
                    yield CallWebhook(key=key, webhook=webhook.name, number=incident.number, line=seq)

    def _is_one_of(self, kinds: Iterable[str], number: int, seq: int) -> bool:
        """Whether this transaction has stored an entry of one of these kinds."""
        return any(f"{number}.{seq} {kind}" in self._tx.recorded for kind in kinds)
