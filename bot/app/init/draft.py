"""Decide what config.yaml says: which channel belongs to which service, and who is asked where names can't tell."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from bot.adapters.pagerduty.reading import Named, PolicyEntry, ServiceEntry, User, each
from bot.adapters.slack.directory import ListedChannel, ListedGroup
from bot.app.init import names
from bot.app.init.vendors import PagerDutyPart, SlackPart
from bot.ports import Person

T = TypeVar("T")

Choose = Callable[[str, Sequence[str]], int | None]
"""Asks a person a question with options. Returns the position of the answer; None for *none of them*."""

COMMANDERS = ("imoc", "imc", "commander", "commanders", "command", "ic", "ics", "im", "ims", "mim")
RESPONSE = frozenset({"response", "manager", "managers", "management"})
INCIDENTS = frozenset({"incident", "incidents", "outage", "outages"})
ANNOUNCING = frozenset({"all", "announce", "announcements", "broadcast", "major", "updates"})
POSTMORTEMS = ("postmortem", "post-mortem", "incident-review", "retrospective", "incident")
MOST_OPTIONS = 15
"""The most options that a person is shown."""


@dataclass(frozen=True, kw_only=True)
class Pick(Generic[T]):
    """A value, and others that fit as well if nobody was asked."""

    value: T | None
    others: tuple[T, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DraftTeam:
    """A team for the file. `channel` has no value if no channel has a name like the service's."""

    key: str
    service: ServiceEntry
    policy: PolicyEntry | None
    channel: Pick[ListedChannel]
    closeness: int = names.APART
    more_services: tuple[ServiceEntry, ...] = ()
    """Other services whose names lead to the same channel."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    mode: str
    announce: Pick[ListedChannel]
    owner: User | None
    sender: User | None
    teams: tuple[DraftTeam, ...]
    without_channel: tuple[DraftTeam, ...]
    command_team: Pick[DraftTeam]
    repositories: tuple[str, ...] | None
    repository: Pick[str]
    groups: tuple[ListedGroup, ...] = field(default=())
    admin: Person | None = None


def draft(
    slack: SlackPart,
    pagerduty: PagerDutyPart,
    repositories: tuple[str, ...] | None,
    *,
    mode: str,
    choose: Choose | None,
) -> Draft:
    """Decide everything. `choose` is None if nobody can be asked: then the likeliest is taken."""
    announce = pick(
        choose, "Which channel announces incidents?", announcing(slack.channels), label=_channel_label
    )
    teams = _Teams(pagerduty, slack.channels, choose).all()
    with_channel = tuple(it for it in teams if it.channel.value)
    return Draft(
        mode=mode,
        announce=announce,
        owner=pagerduty.owner,
        sender=pagerduty.sender,
        teams=with_channel,
        without_channel=tuple(it for it in teams if not it.channel.value),
        command_team=_command_team(with_channel, choose, is_all=len(teams) == len(with_channel)),
        repositories=repositories,
        repository=_repository(repositories or (), choose),
        groups=slack.groups,
        admin=slack.admin,
    )


def pick(choose: Choose | None, question: str, options: Sequence[T], *, label: Callable[[T], str]) -> Pick[T]:
    """Return the only option, a person's choice, or the first option if nobody can be asked."""
    if choose is None or len(options) < 2:  # noqa: PLR2004  one option is no question
        return Pick(value=next(iter(options), None), others=tuple(options[1:]))
    shown = options[:MOST_OPTIONS]
    at = choose(names.printable(question), [names.printable(label(it)) for it in shown])
    return Pick(value=None if at is None else shown[at])


def announcing(channels: Iterable[ListedChannel]) -> list[ListedChannel]:
    """Return the channels that are most likely for announcements, all equally likely. The largest is the first."""
    ranked = [(rank, it) for it in channels if (rank := _announcing_rank(it.name)) is not None]
    best = min((rank for rank, _ in ranked), default=0)
    return sorted(
        (it for rank, it in ranked if rank == best), key=lambda it: (not it.is_member, -it.members, it.name)
    )


def _announcing_rank(name: str) -> int | None:
    words = names.words(name)
    if words in {("incidents",), ("incident",)}:
        return ("incidents", "incident").index(words[0])
    if not INCIDENTS.intersection(words) or any(it.isdigit() for it in words):  # one incident's own channel
        return None
    return 2 if ANNOUNCING.intersection(words) else 3


class _Teams:
    """Makes teams of services. Services that lead to one channel are one team."""

    def __init__(
        self, pagerduty: PagerDutyPart, channels: Sequence[ListedChannel], choose: Choose | None
    ) -> None:
        self._pagerduty = pagerduty
        self._channels = channels
        self._choose = choose
        self._by_channel: dict[str, DraftTeam] = {}
        self._without: list[DraftTeam] = []
        self._keys: set[str] = set()

    def all(self) -> list[DraftTeam]:
        ranked = [(self._fitting(it), it) for it in self._pagerduty.services]
        for (closeness, fitting), service in sorted(ranked, key=lambda it: -it[0][0]):
            self._add(service, closeness, fitting)
        return [*self._by_channel.values(), *self._without]

    def _add(self, service: ServiceEntry, closeness: int, fitting: Sequence[ListedChannel]) -> None:
        if taken := next((it.id for it in fitting if it.id in self._by_channel), None):
            team = self._by_channel[taken]
            self._by_channel[taken] = replace(team, more_services=(*team.more_services, service))
            return
        question = f"Which channel belongs to the PagerDuty service {service.called}?"
        channel = pick(self._choose, question, fitting, label=_channel_label)
        made = DraftTeam(
            key=self._key(service, channel.value),
            service=service,
            policy=self._policy(service),
            channel=channel,
            closeness=closeness,
        )
        if channel.value:
            self._by_channel[channel.value.id] = made
        else:
            self._without.append(made)

    def _fitting(self, service: ServiceEntry) -> tuple[int, list[ListedChannel]]:
        """Return the best closeness, and the channels that fit best, all equally well."""
        wanted = self._names(service)
        near = [it for it in self._channels if names.closest(it.name, wanted)]
        ranked = [(_rank(service, wanted, it), it) for it in near]
        if not ranked:
            return names.APART, []
        best = max(rank for rank, _ in ranked)
        fitting = [it for rank, it in ranked if rank == best]
        return best[0], sorted(fitting, key=lambda it: (-it.members, it.name))

    def _names(self, service: ServiceEntry) -> tuple[str, ...]:
        policy = self._policy(service)
        teams = each(Named, service.teams)
        return (service.called, *([policy.called] if policy else []), *(it.called for it in teams))

    def _policy(self, service: ServiceEntry) -> PolicyEntry | None:
        return self._pagerduty.policies.get(service.escalation_policy.id if service.escalation_policy else "")

    def _key(self, service: ServiceEntry, channel: ListedChannel | None) -> str:
        wanted = names.key(*([channel.name] if channel else []), service.called)
        wanted = wanted or f"team-{service.id.lower()}"
        found, number = wanted, 2
        while found in self._keys:
            found, number = f"{wanted}-{number}", number + 1
        self._keys.add(found)
        return found


def _rank(service: ServiceEntry, also: Sequence[str], channel: ListedChannel) -> tuple[int, ...]:
    """Return how well a channel fits a service; the higher the better. The first number is the closeness."""
    return (
        names.closest(channel.name, also),
        names.closeness(channel.name, service.called),
        not names.is_noisy(channel.name),
        channel.is_member,
        len(names.core(channel.name)),
        -len(names.words(channel.name)),
    )


def _command_team(teams: Sequence[DraftTeam], choose: Choose | None, *, is_all: bool) -> Pick[DraftTeam]:
    """Return the team whose name speaks of command, or the only team. `is_all`: no service is without a channel."""
    if len(teams) == 1 and is_all:
        return Pick(value=teams[0])
    likely = [it for it in teams if _is_of_commanders(it)]
    if likely or choose:
        return pick(choose, "Which team do commanders come from?", likely or teams, label=lambda it: it.key)
    return Pick(value=None, others=tuple(teams))


def _is_of_commanders(team: DraftTeam) -> bool:
    channel = team.channel.value.name if team.channel.value else ""
    words = {*names.words(team.service.called), *names.words(channel)}
    return bool(words.intersection(COMMANDERS) or (words & INCIDENTS and words & RESPONSE))


def _repository(repositories: Sequence[str], choose: Choose | None) -> Pick[str]:
    likely = next((found for word in POSTMORTEMS if (found := _with(word, repositories))), [])
    if not likely and len(repositories) > 1 and choose is None:
        return Pick(value=None, others=tuple(repositories))
    question = "Which repository are postmortems for?"
    return pick(choose, question, likely or repositories, label=str)


def _with(word: str, repositories: Sequence[str]) -> list[str]:
    return [it for it in repositories if word in it.partition("/")[2].casefold()]


def _channel_label(channel: ListedChannel) -> str:
    return f"#{channel.name}"
