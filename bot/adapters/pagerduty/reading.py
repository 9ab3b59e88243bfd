"""Read PagerDuty's objects, from the REST API and from webhooks. An object that can't be read is left out."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

import structlog
from pydantic import BeforeValidator, Field, ValidationError

from bot.adapters.network.payload import Maybe, Moment, Part
from bot.domain.foreign import address, inert
from bot.domain.text import one_line

T = TypeVar("T", bound=Part)
log = structlog.get_logger()


def _words(given: object) -> str | None:
    return inert(given) or None if isinstance(given, str) else None


def _line(given: object) -> str | None:
    return one_line(given) or None if isinstance(given, str) else None


def _url(given: object) -> str | None:
    return address(given) if isinstance(given, str) else None


def _list(given: object) -> list[object] | None:
    return [it for it in given if isinstance(it, dict)] if isinstance(given, list) else None


Ident = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,500}$")]
Words = Annotated[str | None, BeforeValidator(_words)]
"""One line of text for people; None for anything else."""
Line = Annotated[str | None, BeforeValidator(_line)]
"""One line of text that is compared and not shown."""
Url = Annotated[str | None, BeforeValidator(_url)]
Objects = Annotated[tuple[dict[str, Any], ...] | None, BeforeValidator(_list)]
"""Objects not yet validated; read them one by one with `each`."""


class Reference(Part):
    """A reference to a user, service, schedule or other object."""

    id: Ident
    type: Words = None
    summary: Words = None
    html_url: Url = None


class User(Reference):
    name: Words = None
    email: Line = None
    role: Words = None

    @property
    def is_person(self) -> bool:
        """False for a service, an integration or a workflow."""
        return self.type in {"user", "user_reference"}

    @property
    def called(self) -> str:
        return self.name or self.summary or inert(self.email or f"PagerDuty user {self.id}")


class Named(Reference):
    name: Words = None

    @property
    def called(self) -> str:
        return self.name or self.summary or inert(self.id)


class ServiceEntry(Named):
    status: Words = None
    escalation_policy: Annotated[Reference | None, Maybe] = None
    teams: Objects = None


SCHEDULES = {"schedule", "schedule_reference", "schedule_v3", "schedule_v3_reference"}
"""The types of schedules and of references to them: layered ones, and shift-based ones."""


class EscalationRule(Part):
    targets: Objects = None


class PolicyEntry(Named):
    escalation_rules: Objects = None

    @property
    def schedule(self) -> str | None:
        """The id of the first schedule that is paged; None if there is none."""
        targets = (
            target
            for rule in each(EscalationRule, self.escalation_rules)
            for target in each(Reference, rule.targets)
        )
        return next((it.id for it in targets if it.type in SCHEDULES), None)


class ScheduleEntry(Part):
    """A user's time on a schedule, overrides included, or an override itself."""

    user: User
    start: Moment
    end: Moment


class Member(Part):
    """Who has a shift. An `empty_member` has no id: the slot is unassigned."""

    user_id: Annotated[Ident | None, Maybe] = None


class ShiftSource(Part):
    """Where a shift comes from, an override of it included."""

    rotation_id: Annotated[Ident | None, Maybe] = None
    shift_id: Annotated[Ident | None, Maybe] = None
    override_id: Annotated[Ident | None, Maybe] = None


class AssignmentEntry(Part):
    """A person's time on a shift-based schedule, overrides included."""

    start_time: Moment
    end_time: Moment
    member: Member
    source: Annotated[ShiftSource | None, Maybe] = None


class OverrideEntry(Part):
    """An override of a shift-based schedule: it replaces one person, in one rotation or custom shift."""

    start_time: Moment
    end_time: Moment
    overridden_member: Member
    overriding_member: Member
    rotation_id: Annotated[Ident | None, Maybe] = None
    custom_shift_id: Annotated[Ident | None, Maybe] = None


class MemberOf(Part):
    member: Member


class CustomShiftEntry(Part):
    """A shift outside of all rotations. It adds a person."""

    start_time: Moment
    end_time: Moment
    assignments: Objects = None

    @property
    def users(self) -> set[str | None]:
        return {it.member.user_id for it in each(MemberOf, self.assignments)}


class OnCallEntry(Part):
    escalation_policy: Reference
    escalation_level: int
    user: User
    start: Annotated[Moment | None, Maybe] = None
    end: Annotated[Moment | None, Maybe] = None


class Assignment(Part):
    assignee: User


class Acknowledgement(Part):
    acknowledger: User
    at: Annotated[Moment | None, Maybe] = None


class Merged(Part):
    type: Literal["merge_resolve_reason"]
    incident: Annotated[Reference | None, Maybe] = None


class IncidentBody(Part):
    """A PagerDuty incident. REST has `assignments`, webhooks have `assignees`."""

    id: Ident
    status: Ident
    html_url: Url = None
    incident_key: Line = None
    title: Words = None
    created_at: Annotated[Moment | None, Maybe] = None
    urgency: Words = None
    priority: Annotated[Reference | None, Maybe] = None
    service: Annotated[Reference | None, Maybe] = None
    assignments: Objects = None
    assignees: Objects = None
    acknowledgements: Objects = None
    last_status_change_by: Annotated[User | None, Maybe] = None
    last_status_change_at: Annotated[Moment | None, Maybe] = None
    resolve_reason: Annotated[Merged | None, Maybe] = None

    @property
    def assigned(self) -> str | None:
        """The names of the people paged; "" if nobody is, None if PagerDuty does not say."""
        if self.assignments is None and self.assignees is None:
            return None
        users = [it.assignee for it in each(Assignment, self.assignments)] or each(User, self.assignees)
        return ", ".join(user.called for user in users)

    @property
    def users(self) -> tuple[str, ...]:
        """The ids of the people to whom it is assigned."""
        users = [it.assignee for it in each(Assignment, self.assignments)] or each(User, self.assignees)
        return tuple(user.id for user in users if user.is_person)

    @property
    def goes_on_as(self) -> Reference | None:
        """The incident that this one was merged into; None if it was not merged."""
        return self.resolve_reason.incident if self.resolve_reason else None


class LogEntry(Part):
    """A line of the log of incidents, without its words."""

    type: Ident
    created_at: Moment
    incident: Reference
    service: Annotated[Reference | None, Maybe] = None
    agent: Annotated[User | None, Maybe] = None
    assignees: Objects = None


class ContactMethod(Part):
    type: Ident
    address: Ident
    country_code: Annotated[int | None, Maybe] = None
    blacklisted: Annotated[bool | None, Maybe] = None


def read(kind: type[T], given: object) -> T | None:
    """Return one object; None if it is not as PagerDuty documents it."""
    try:
        return kind.model_validate(given)
    except ValidationError as odd:
        _note(
            kind.__name__, "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in odd.errors())
        )
        return None


def each(kind: type[T], given: object) -> Iterator[T]:
    """Yield the objects of a list. Those that can't be read are left out."""
    for entry in given if isinstance(given, Iterable) else ():
        if (found := read(kind, entry)) is not None:
            yield found


@lru_cache(maxsize=256)
def _note(kind: str, why: str) -> None:
    """Log each left-out object only once, because it is read again every minute."""
    log.warning("PagerDuty tells something oddly; it is left out", kind=kind, why=why)
