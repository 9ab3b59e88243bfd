"""Public status as people in the organisation see it: now, before it is published, and what was published."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.incident.incident import Incident
from bot.domain.status.component import Component, ComponentState
from bot.domain.status.publication import Publication, StatusDraft
from bot.domain.status.reminders import public_update_every
from bot.services.read_access import ReadAccess
from bot.services.status.public_status import PublicStatus, Published
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]


class StatusViews:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._settings = tx.policy.status
        self._status = PublicStatus(tx)

    def now(self, *, seen_by: str, incident: Incident | None) -> Facts:
        """Return all components, and the one that the incident here probably is about."""
        likely = self._status.likely(incident)
        return {
            "components": self._status.seen_by(seen_by),
            "settings": self._settings,
            "likely": likely if likely and not (incident and incident.components) else None,
            "now": self._tx.now,
        }

    def lasting(self, component: Component) -> ComponentState | None:
        """Return the state that a component keeps with an update; None while it works."""
        last = self._session.publications.last_of(component.key)
        return self._settings.states.get(last.state) if last and not last.is_over else None

    def form(
        self, component: Component, state: ComponentState | None, words: str, *, incident: Incident | None
    ) -> Facts:
        """Return the form with what was said so far."""
        said = {"component": component.key, "state": state.key if state else None, "words": words}
        return {
            "components": [(it.key, it.title) for it in self._settings.components.values()],
            "states": [(it.key, it.title) for it in self._settings.states.values()],
            "said": said,
            "is_over": bool(state and state.level == self._settings.operational.level),
            "incident": incident,
        }

    def form_of(self, draft: StatusDraft) -> Facts:
        """Return the form with what is in a preview."""
        component, state = self._status.named_in(draft)
        incident = self._session.incidents.look(draft.incident) if draft.incident else None
        return self.form(component, state, draft.words, incident=incident)

    def preview(self, draft: StatusDraft, *, seen_by: str) -> Facts:
        """Return a preview as customers would read it, and where it would go."""
        component, state = self._status.named_in(draft)
        incident = self._session.incidents.look(draft.incident) if draft.incident else None
        if incident:
            ReadAccess(self._tx).sees(seen_by, incident)
        return {
            "draft": draft,
            "component": component,
            "state": state,
            "settings": self._settings,
            "is_copied": component.key in self._settings.hosted,
            "incident": incident,
        }

    def published(self, published: Published, *, seen_by: str) -> Facts:
        """Return what was published, and whether the incident can be resolved now."""
        publication = published.publication
        found = self._session.incidents.look(publication.incident) if publication.incident else None
        incident = found if found and ReadAccess(self._tx).sees(seen_by, found) else None
        return {
            "publication": publication,
            "is_new": published.is_new,
            "settings": self._settings,
            "is_copied": publication.component in self._settings.hosted,
            "incident": incident,
            "next_due": self._next_due(incident, publication) if incident else None,
            "is_well": bool(incident and incident.is_open and not any(it.red for it in incident.components)),
        }

    def _next_due(self, incident: Incident, publication: Publication) -> datetime | None:
        """Return when customers expect to hear of it again (UTC)."""
        every = public_update_every(incident, self._tx.policy)
        is_awaited = incident.is_open and not publication.is_over
        return publication.at + every if every and is_awaited else None

    def history(self, component: Component | None, *, before: int | None, size: int) -> Facts:
        """Return some publications, and the number of the last one if there are more."""
        key = component.key if component else None
        found = self._status.history(component=key, before=before, limit=size + 1)
        return {
            "publications": found[:size],
            "component": component,
            "before": found[size - 1].number if len(found) > size else None,
            "settings": self._settings,
        }
