"""Public status: previewed, published once, and read by the page, its history and its feed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.domain.effects import Notify
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.status.component import Component, ComponentState
from bot.domain.status.effects import CopyPublication
from bot.domain.status.events import StatusPublished
from bot.domain.status.publication import Publication, StatusDraft, must_be_for_customers, publish, stage_of
from bot.domain.subject import IncidentChannel
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

SECTION = "public-status"
"""The lock of who publishes: what comes second sees what came first."""


@dataclass(frozen=True, kw_only=True)
class ShownComponent:
    """A component as customers see it now. `incident` is there for people who may see it."""

    component: Component
    state: ComponentState
    last: Publication | None = None
    incident: Incident | None = None

    @property
    def is_over(self) -> bool:
        return self.last is None or self.last.is_over


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a press of *Publish* led to. `is_new` is False if the preview was published before."""

    publication: Publication
    is_new: bool


class PublicStatus:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._settings = tx.policy.status
        self._access = ReadAccess(tx)

    # --- reading ---

    def components(self) -> Sequence[ShownComponent]:
        """Return all components as customers see them, in the order of the configuration."""
        return [self._shown(it) for it in self._settings.components.values()]

    def seen_by(self, person: str) -> Sequence[ShownComponent]:
        """Return all components. One that does not work comes with its incident, if this person may see that."""
        return [replace(it, incident=self._incident_of(it, person)) for it in self.components()]

    def _shown(self, component: Component) -> ShownComponent:
        last = self._session.publications.last_of(component.key)
        return ShownComponent(
            component=component, state=_state_of(last, self._settings.operational), last=last
        )

    def _incident_of(self, shown: ShownComponent, person: str) -> Incident | None:
        return None if shown.is_over else self._visible(shown.last.incident if shown.last else None, person)

    def _visible(self, number: int | None, person: str) -> Incident | None:
        found = self._session.incidents.look(number) if number else None
        return found if found and self._access.sees(person, found) else None

    def history(
        self, *, component: str | None = None, before: int | None = None, limit: int
    ) -> Sequence[Publication]:
        """Return what was published, newest first. `before` is the number of the oldest that is known already."""
        return self._session.publications.newest(component=component, before=before, limit=limit)

    def updates(self, shown: ShownComponent) -> Sequence[Publication]:
        """Return what customers were told of a trouble that lasts, newest first."""
        if shown.last is None or shown.is_over:
            return ()
        return self._session.publications.of_thread(shown.last.thread)[::-1]

    def likely(self, incident: Incident | None) -> Component | None:
        """Return the component that an incident probably is about: one told of, else one of its services."""
        if incident is None:
            return None
        known, services = self._settings.components, self._tx.policy.services
        told = (known[it.key] for it in incident.unwell_components if it.key in known)
        behind = (it for it in known.values() if it.is_behind(incident.services, services))
        return next(told, None) or next(behind, None)

    # --- previewing ---

    def preview(
        self, component: Component, state: ComponentState, words: str, *, by: str, incident: Incident | None
    ) -> StatusDraft:
        """Store what somebody is about to publish. Nobody else sees it yet."""
        last = self._session.publications.last_of(component.key)
        about = incident or self._going_on(last, by)
        draft = StatusDraft(
            number=self._session.status_drafts.reserve(),
            component=component.key,
            state=state.key,
            stage=stage_of(state.level, about, before=last),
            words=must_be_for_customers(words, about),
            by=by,
            at=self._tx.now,
            incident=about.number if about else None,
            after=last.number if last else 0,
        )
        self._session.status_drafts.put(draft)
        return draft

    def renew(self, number: int, *, by: str) -> StatusDraft:
        """Preview an earlier draft again, after what was published meanwhile."""
        old = self.draft(number, by=by)
        component, state = self.named_in(old)
        return self.preview(component, state, old.words, by=by, incident=self._visible(old.incident, by))

    def draft(self, number: int, *, by: str) -> StatusDraft:
        """Return a preview. Refuses one that is not there, and one of an incident that this person can't see."""
        draft = self._session.status_drafts.get(number)
        if draft is None or not self._access.sees_record(by, draft.incident):
            raise Refusal(f"There is no preview {number}. `status` shows what customers see now.")
        return draft

    def named_in(self, draft: StatusDraft) -> tuple[Component, ComponentState]:
        """Return the component and the state of a preview. Refuses what the configuration has no longer."""
        component = self._settings.components.get(draft.component)
        state = self._settings.states.get(draft.state)
        if component is None or state is None:
            raise Refusal(
                "The configuration has changed: this component or state is not in `status:` any more."
            )
        return component, state

    def _going_on(self, last: Publication | None, person: str) -> Incident | None:
        """Return the open incident in which a trouble that lasts was published last, if this person may see it."""
        if last is None or last.is_over:
            return None
        found = self._visible(last.incident, person)
        return found if found and found.is_open else None

    # --- publishing ---

    def publish(self, number: int, *, by: str, anyway: bool = False) -> Published:
        """Publish a preview, once. Refuses one that something later has overtaken, and one of a drill.

        The words of a private incident leave the organisation only with `anyway`: it is asked twice.
        """
        self._session.lock(SECTION)
        draft = self.draft(number, by=by)
        if draft.published_as is not None:
            earlier = self._session.publications.get(draft.published_as)
            assert earlier, "no publication is deleted"  # noqa: S101
            return Published(publication=earlier, is_new=False)
        component, state = self.named_in(draft)
        before = self._session.publications.last_of(component.key)
        self._must_be_meant(draft, component, before, by=by, anyway=anyway)
        publication = publish(
            draft,
            number=self._session.publications.reserve(),
            component=component,
            state=state,
            before=before,
            by=by,
            at=self._tx.now,
        )
        self._keep(draft, publication)
        return Published(publication=publication, is_new=True)

    def _must_be_meant(
        self, draft: StatusDraft, component: Component, before: Publication | None, *, by: str, anyway: bool
    ) -> None:
        if before and before.number != draft.after:
            raise _overtaken(draft, before)
        incident = self._visible(draft.incident, by)
        if incident and incident.drill:
            raise Refusal(
                f"{incident.id} is a drill: nothing of it is published. The preview was the exercise."
            )
        if incident and incident.private and not anyway:
            raise Refusal(
                f"{incident.id} is private. These words about {component.title} leave the organisation, "
                "and nobody can take them back. Publish them?",
                choices=(Choice(label="Publish these words", say=f"status publish {draft.number} anyway"),),
            )

    def _keep(self, draft: StatusDraft, publication: Publication) -> None:
        self._session.publications.put(publication)
        self._session.status_drafts.put(draft.published(publication))
        told = StatusPublished(
            at=self._tx.now,
            by=publication.by,
            publication=publication.number,
            component=publication.component,
            title=publication.title,
            state=publication.state_title,
            level=publication.level.value,
            red=publication.red,
            since=publication.since,
            words=publication.words,
        )
        for incident in self._concerned(publication):
            self._tx.record(incident, told)
        if publication.component in self._settings.hosted:
            self._tx.send(_copy(publication, self._settings.hosted_name))

    def _concerned(self, publication: Publication) -> Iterator[Incident]:
        """Yield the incidents in which this trouble was published, each as what it was merged into."""
        thread = self._session.publications.of_thread(publication.thread)
        numbers = {it.incident for it in (*thread, publication) if it.incident}
        for number in sorted({self._goes_on_as(it) for it in numbers}):
            if found := self._session.incidents.get(number):
                yield found

    def _goes_on_as(self, number: int) -> int:
        seen: set[int] = set()
        while number not in seen:
            seen.add(number)
            found = self._session.incidents.look(number)
            number = found.merged.into if found and found.merged else number
        return number

    # --- the hosted page ---

    def copied(self, number: int, report: str) -> None:
        """Record where a publication is at the hosted page."""
        if publication := self._session.publications.get(number):
            self._session.publications.put(replace(publication, report=report))

    def not_copied(self, number: int, host: str, why: str) -> None:
        """Show the words that did not get to the hosted page, once: in the incident's channel, else to its author."""
        publication = self._session.publications.get(number)
        if publication is None:
            return
        about = publication.incident
        self._tx.send(
            Notify(
                key=f"not-copied:{number}",
                to=IncidentChannel(about) if about else publication.by,
                template="status/not_copied",
                facts={
                    "publication": publication,
                    "host": host,
                    "url": self._settings.hosted_url,
                    "why": why,
                },
                incident=about,
            )
        )

    def report_of(self, publication: Publication) -> str | None:
        """Return the id of the report about this trouble at the hosted page, if there is one."""
        thread: Iterable[Publication] = reversed(self._session.publications.of_thread(publication.thread))
        return next((it.report for it in thread if it.report), None)


def _state_of(last: Publication | None, operational: ComponentState) -> ComponentState:
    """Return the state that a component has, with the title that was published."""
    if last is None:
        return operational
    return ComponentState(
        key=last.state, title=last.state_title, level=last.level, colour=last.colour, red=last.red
    )


def _overtaken(draft: StatusDraft, before: Publication) -> Refusal:
    return Refusal(
        f"This preview is old: <@{before.by}> published _{before.state_title}_ for {before.title} at "
        f"{before.at:%H:%M} UTC. Nothing was published now.",
        choices=(Choice(label="Look at it again", say=f"status preview {draft.number}"),),
    )


def _copy(publication: Publication, host: str) -> CopyPublication:
    return CopyPublication(
        key=f"public-status:{publication.number}",
        publication=publication.number,
        component=publication.component,
        title=publication.title,
        by=publication.by,
        incident=publication.incident,
        host=host,
    )
