"""Who is on call, from the stored copy of the pager's on-calls, with its age."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.policy import Team
from bot.ports import OnCallCopy, OnCallShift
from bot.services.directory import Directory
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class TeamOnCall:
    team: Team
    on_calls: tuple[OnCallShift, ...]
    gone: tuple[OnCallShift, ...] = ()
    """The shifts of people whose Slack account is deactivated."""


@dataclass(frozen=True, kw_only=True)
class OnCallAnswer:
    """Who is on call for each team, first level first. `synced_at` (UTC) is when the copy was made."""

    teams: tuple[TeamOnCall, ...]
    synced_at: datetime | None
    trouble: str | None


class OnCall:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def of(self, *teams: Team) -> OnCallAnswer:
        """Return who is on call for these teams, or for all."""
        copy = self._session.on_calls.copy()
        asked = teams or tuple(self._tx.policy.teams.values())
        return OnCallAnswer(
            teams=tuple(self._on_call(team, copy) for team in asked),
            synced_at=copy.synced_at,
            trouble=copy.trouble,
        )

    def _on_call(self, team: Team, copy: OnCallCopy) -> TeamOnCall:
        on_calls, directory = self._now(team, _of(team, copy)), Directory(self._tx)
        known = ((it, directory.paged_as(it.user, it.email)) for it in on_calls)
        gone = tuple(it for it, person in known if person and not directory.is_assignable(person))
        return TeamOnCall(team=team, on_calls=on_calls, gone=gone)

    def _now(self, team: Team, on_calls: tuple[OnCallShift, ...]) -> tuple[OnCallShift, ...]:
        """Replace shifts that have ended since the copy was made by those that follow in the copied schedule."""
        now = self._tx.now
        ended = [it for it in on_calls if it.end and it.end <= now]
        if not ended or not team.schedule:
            return on_calls
        heirs = self._session.shifts.on(team.schedule, since=now, until=now + timedelta(minutes=1))
        following = (
            replace(
                ended[0], name=it.turn.name, email=it.turn.email, user=it.turn.user, end=it.end, phone=None
            )
            for it in heirs
            if it.gone_at is None and it.start <= now
        )
        return (*(it for it in on_calls if it not in ended), *following) or on_calls

    def nobody_since(self, team: Team) -> datetime | None:
        """Return since when (UTC) it is known that nobody is on call for a team.

        None if somebody is, or it is unknown.
        """
        answer = self.of(team)
        is_known = team.escalation_policy and not answer.teams[0].on_calls
        return answer.synced_at if is_known else None

    def synced(self, on_calls: Sequence[OnCallShift]) -> None:
        self._session.on_calls.replace(OnCallCopy(on_calls=tuple(on_calls), synced_at=self._tx.now))

    def not_synced(self, why: str) -> None:
        """Record why the sync failed. The last good copy stays."""
        self._session.on_calls.replace(replace(self._session.on_calls.copy(), trouble=why))


def _of(team: Team, copy: OnCallCopy) -> tuple[OnCallShift, ...]:
    on = [on_call for on_call in copy.on_calls if on_call.policy == team.escalation_policy]
    return tuple(sorted(on, key=lambda on_call: (on_call.level, on_call.name)))
