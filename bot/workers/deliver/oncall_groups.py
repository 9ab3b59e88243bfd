"""User groups that hold the people on call."""

from functools import partial

from bot.domain.oncall.effects import SetOnCallGroup
from bot.ports import OutboxItem
from bot.services.oncall.oncall_groups import OnCallGroups
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(SetOnCallGroup)
class OnCallGroupHandler(EffectHandler[SetOnCallGroup]):
    def attempt(self, effect: SetOnCallGroup, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        team = tx.policy.teams.get(effect.team)
        if team is None or team.oncall_group != effect.group:
            return None
        people = OnCallGroups(tx).wanted(team)
        if not people:
            return None
        if not OnCallGroups(tx).is_known(effect.group):
            return Attempt(
                call=partial(self.chat.group_members, effect.group),
                on_success=lambda tx, found: OnCallGroups(tx).looked(effect, found),
            )
        return Attempt(
            call=partial(self._set, effect.group, people),
            on_success=lambda tx, found: OnCallGroups(tx).done(effect, people, found),
        )

    def on_giving_up(self, effect: SetOnCallGroup, tx: Transaction, why: str) -> None:
        OnCallGroups(tx).refused(effect, why)

    def _set(self, group: str, people: tuple[str, ...]) -> tuple[str, ...]:
        """Write the members if they differ, and return who was there before."""
        found = tuple(self.chat.group_members(group))
        if set(found) != set(people):
            self.chat.set_group_members(group, people)
        return found
