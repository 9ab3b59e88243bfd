"""A team's Slack user group, such as @payments-oncall: it holds the people on call."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from bot.domain.effects import Notify
from bot.domain.oncall.effects import SetOnCallGroup
from bot.domain.policy import Team
from bot.ports import UserGroup
from bot.services.directory import Directory
from bot.services.transaction import Transaction

LOOKED_AT_EVERY = timedelta(hours=1)
"""How often Spy compares a group with Slack if nobody's shift changes, and tries again after a refusal."""


class OnCallGroups:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def compare(self, team: Team) -> None:
        """Queue a change of the team's user group if it differs from who is on call, as far as Spy knows."""
        wanted = self.wanted(team)
        if not team.oncall_group or not wanted:
            return
        known = self._known(team.oncall_group)
        since = self._tx.now - known.synced_at if known.synced_at else LOOKED_AT_EVERY
        differs = set(wanted) != set(known.members) and known.trouble is None
        if differs or since >= LOOKED_AT_EVERY:
            at = int(self._tx.now.timestamp() * 1000)
            key = f"oncall-group:{team.oncall_group}:{at}"
            self._tx.send(SetOnCallGroup(key=key, team=team.key, group=team.oncall_group))

    def is_known(self, group: str) -> bool:
        """Whether Spy knows who is in a group. If not, it has to look before it changes anything."""
        return self._known(group).synced_at is not None

    def looked(self, effect: SetOnCallGroup, found: Collection[str]) -> None:
        """Record who is in the group. The next comparison changes it, and then knows who was there before."""
        self._session.user_groups.put(
            UserGroup(id=effect.group, members=tuple(found), synced_at=self._tx.now)
        )

    def wanted(self, team: Team) -> tuple[str, ...]:
        """Return who is on call now and known in Slack.

        Nobody means that the group stays as it is: a schedule that is empty or can't be read empties no group.
        """
        people = self._by_schedule(team) if team.schedule else self._by_policy(team)
        directory = Directory(self._tx)
        return tuple(sorted({it for it in people if it and directory.is_assignable(it)}))

    def _by_schedule(self, team: Team) -> Iterable[str | None]:
        now = self._tx.now
        shifts = self._session.shifts.on(team.schedule or "", since=now, until=now)
        return [it.person for it in shifts if it.gone_at is None and it.start <= now < it.end]

    def _by_policy(self, team: Team) -> Iterable[str | None]:
        """Return who is on call at the first level, for a team without a schedule."""
        now, directory = self._tx.now, Directory(self._tx)
        on_calls = [
            it for it in self._session.on_calls.copy().on_calls if it.policy == team.escalation_policy
        ]
        first = min((it.level for it in on_calls), default=0)
        return [
            directory.paged_as(it.user, it.email)
            for it in on_calls
            if it.level == first and (it.end is None or now < it.end)
        ]

    def done(self, effect: SetOnCallGroup, people: tuple[str, ...], found: Collection[str]) -> None:
        """Record that the group holds these people, and say so once in the team's channel if that is new.

        `found` is who was in it before. A repeated try finds what the first one wrote, so what Spy knew counts first.
        """
        known = self._known(effect.group)
        self._session.user_groups.put(UserGroup(id=effect.group, members=people, synced_at=self._tx.now))
        is_new = set(known.members) != set(people)
        before = set(known.members if is_new else found)
        if before == set(people):
            return
        facts = {
            "team": effect.team,
            "people": people,
            "before": sorted(before - set(people)),
            "is_restored": not is_new,
        }
        self._tell(effect, f"{effect.key}:told", "oncall/group", facts)

    def refused(self, effect: SetOnCallGroup, why: str) -> None:
        """Record that Slack refused it, and say so in the team's channel once a day. Spy tries again later."""
        known = self._known(effect.group)
        self._session.user_groups.put(replace(known, trouble=why, synced_at=self._tx.now))
        facts = {"team": effect.team, "people": known.members, "why": why}
        key = f"oncall-group-refused:{effect.group}:{self._tx.now:%Y-%m-%d}"
        self._tell(effect, key, "oncall/group_refused", facts)

    def _tell(self, effect: SetOnCallGroup, key: str, template: str, facts: Mapping[str, object]) -> None:
        if team := self._tx.policy.teams.get(effect.team):
            self._tx.send(Notify(key=key, to=team.channel, template=template, facts=facts))

    def _known(self, group: str) -> UserGroup:
        return self._session.user_groups.get(group) or UserGroup(id=group)
