"""Who is on call, and the services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import OnCallShift, Templates
from bot.services.api.incidents import ApiPerson, ApiViews, Described
from bot.services.directory import Directory
from bot.services.oncall.oncall import OnCall, TeamOnCall
from bot.services.transaction import Transaction
from bot.web.api import ApiRequest, reads


@dataclass(frozen=True, kw_only=True)
class ApiShift(Described):
    """Somebody who is on call now."""

    level: int
    """Of the escalation policy: the first is called first."""
    name: str
    """As the pager has it."""
    person: ApiPerson | None
    """Null if Spy does not know who that is in Slack."""
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, kw_only=True)
class ApiTeam(Described):
    """A team, and who is on call for it."""

    team: str
    channel: str
    """The Slack id of its channel."""
    on_call: Sequence[ApiShift]


@dataclass(frozen=True, kw_only=True)
class OnCallNow(Described):
    """Who is on call for each team, as the pager last said."""

    teams: Sequence[ApiTeam]
    synced_at: datetime | None
    """When the pager was last read, in UTC; null before the first time."""
    trouble: str | None
    """Why it can't be read now."""


@dataclass(frozen=True, kw_only=True)
class ApiService(Described):
    """A service that people run."""

    service: str
    team: str | None
    tier: int | None
    repositories: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ServiceList(Described):
    """The services, as config.yaml lists them."""

    services: Sequence[ApiService]


@reads("/on-call")
def get_on_call(ask: ApiRequest, *, on_calls: OnCall, templates: Templates, tx: Transaction) -> OnCallNow:
    """Return who is on call for each team."""
    del ask
    answer, views = on_calls.of(), ApiViews(tx, templates)
    return OnCallNow(
        teams=[_team(it, views, Directory(tx)) for it in answer.teams],
        synced_at=answer.synced_at,
        trouble=answer.trouble,
    )


def _team(it: TeamOnCall, views: ApiViews, directory: Directory) -> ApiTeam:
    return ApiTeam(
        team=it.team.key,
        channel=it.team.channel,
        on_call=[_shift(shift, views, directory) for shift in it.on_calls],
    )


def _shift(it: OnCallShift, views: ApiViews, directory: Directory) -> ApiShift:
    person = views.person(directory.paged_as(it.user, it.email))
    return ApiShift(level=it.level, name=it.name, person=person, start=it.start, end=it.end)


@reads("/services")
def list_services(ask: ApiRequest, *, tx: Transaction) -> ServiceList:
    """List the services."""
    del ask
    return ServiceList(
        services=[
            ApiService(service=it.key, team=it.team, tier=it.tier, repositories=it.repositories)
            for it in tx.policy.services.values()
        ]
    )
