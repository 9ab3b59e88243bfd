"""Who belongs to a team: its manager, who is on call for it, who has shifts in its schedule, who is in its channel."""

from datetime import timedelta

from bot.domain.policy import Team
from bot.services.directory import Directory
from bot.services.transaction import Transaction

RECENT = timedelta(days=35)
"""How long after their last shift a person still belongs to a team."""


class TeamPeople:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def has(self, team: Team, person: str, *, channel: str | None) -> bool:
        """Whether a person belongs to a team. `channel` is where they speak: in the team's channel, they do."""
        return channel == team.channel or person == team.manager or self._is_on_call(team, person)

    def _is_on_call(self, team: Team, person: str) -> bool:
        """Whether a person is on call for a team now, has been lately, or will be soon."""
        shifts = self._session.shifts.of_person(person, since=self._tx.now - RECENT)
        if any(it.team == team.key for it in shifts):
            return True
        directory, on_calls = Directory(self._tx), self._session.on_calls.copy().on_calls
        return any(
            directory.paged_as(it.user, it.email) == person
            for it in on_calls
            if it.policy == team.escalation_policy
        )
