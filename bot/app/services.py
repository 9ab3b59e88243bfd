"""What `spy check` says of the list of services: what names one that is not there, and which one nothing names."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.database import Database
from bot.domain.changes.change import KEPT, ChangeWindow
from bot.domain.failover.plan import Plan
from bot.domain.placeholders import names
from bot.domain.policy import Policy
from bot.domain.service import Service, Services, found, likeliest
from bot.domain.spelling import did_you_mean, nearest
from bot.ports import CheckResult

LOOKED_THROUGH = 5_000
"""How many changes it looks through at most."""
NAMED = 20
"""How many names one line lists."""


@dataclass(frozen=True, kw_only=True)
class NamedServices:
    """What the database names: the locked names, and how many changes of the last 30 days each name has."""

    locked: Sequence[str] = ()
    changed: Counter[str]

    @classmethod
    def of(cls, database: Database | None, *, now: datetime) -> "NamedServices":
        if database is None:
            return cls(changed=Counter())
        with database.read() as session:
            locked = tuple(it.service for it in session.locks.held())
            window = ChangeWindow(since=now - KEPT, until=now)
            changes = session.changes.within(window, limit=LOOKED_THROUGH)
        return cls(locked=locked, changed=Counter(it.service for it in changes if it.service))


def service_checks(
    policy: Policy, *, runbooks: Collection[str], named: NamedServices
) -> Iterator[CheckResult]:
    """Return nothing if no services are listed: then every name is one."""
    services = policy.services
    if not services:
        return
    yield CheckResult(what=f"Services: {len(services)}", well=True)
    for service in services.values():
        yield from _own(service, policy, runbooks)
    for plan in policy.plans.values():
        yield from _plan(plan, services)
    for name in named.locked:
        if not found(name, services) and not any(it.may_lock(name) for it in policy.plans.values()):
            cure = f"`unlock {name}`, or put it into services:.{did_you_mean(likeliest(name, services))}"
            yield CheckResult(
                what=f"Lock: {name} is locked, and no service has that name", well=False, cure=cure
            )
    yield from _changes(named.changed, policy)


def _own(service: Service, policy: Policy, runbooks: Collection[str]) -> Iterator[CheckResult]:
    what = f"Service {service.key}"
    for name in service.all_runbooks:
        if name not in runbooks:
            cure = f"Write it, or name another.{did_you_mean(nearest(name, runbooks))}"
            yield CheckResult(what=f"{what}: there is no runbook {name}", well=False, cure=cure)
    if service.team is None:
        uses = (service.repositories, service.pager_ids, service.runbooks, service.runbooks_by)
        is_used = any(uses) or any(it.may_lock(service.key) for it in policy.plans.values())
        cure = f"Give services.{service.key} a team, so that its alerts have a channel."
        says = "it has no team" if is_used else "no team, repository, runbook or plan knows it"
        yield CheckResult(what=f"{what}: {says}", well=is_used, cure=cure)


def _plan(plan: Plan, services: Services) -> Iterator[CheckResult]:
    """Report a lock that is no service: no deploy tool asks for it. A lock with a placeholder has many names."""
    if plan.lock and not any(names(plan.lock)) and not found(plan.lock, services):
        meant = did_you_mean(likeliest(plan.lock, services))
        yield CheckResult(
            what=f"Failover {plan.name}: its lock {plan.lock} is no service",
            well=False,
            cure=f"Name a service in failover.{plan.name}.lock, or put it into services:.{meant}",
        )


def _changes(changed: Counter[str], policy: Policy) -> Iterator[CheckResult]:
    """Report names of changes that are no service: a misspelt one, and in one line the others."""
    known = {*policy.services, *policy.teams}
    unknown = {name: count for name, count in changed.most_common() if name not in known}
    for name, count in unknown.items():
        if meant := likeliest(name, policy.services):
            changes = "1 change" if count == 1 else f"{count} changes"
            cure = f"Did you mean {meant}? Correct the name where the change comes from, or put it into services:."
            yield CheckResult(
                what=f"Changes: {changes} of {name}, which is no service", well=False, cure=cure
            )
    if rest := [name for name in unknown if not likeliest(name, policy.services)]:
        names_are = "1 other name is" if len(rest) == 1 else f"{len(rest)} other names are"
        notes = (f"{', '.join(rest[:NAMED])}{' …' if rest[NAMED:] else ''}",)
        yield CheckResult(what=f"Changes: {names_are} no service", well=True, notes=notes)
