"""The user group of a team, as stories: it follows shifts and covers, and no outage or stranger empties it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.effects import Effect, Notify
from bot.domain.oncall.effects import SetOnCallGroup
from bot.domain.policy import Policy
from bot.ports import Contact, OutboxItem, Rejected, Unreachable
from bot.testing import POLICY
from bot.workers.deliver.handler import Clients, Handlers
from tests.support.on_call import DAY, EMAILS, HOUR, NOON, Rota, turn
from tests.support.outbox import deliver_claimed

GROUP = "S0ONCALL"
LEASE = timedelta(seconds=30)


def with_groups(policy: Policy = POLICY, **groups: str) -> Policy:
    teams = {key: replace(team, oncall_group=groups.get(key)) for key, team in policy.teams.items()}
    return replace(policy, teams=teams)


class Town(Rota):
    """A rota whose team has a user group in Slack. Raj is in it at first."""

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__(policy or with_groups(imoc=GROUP))
        self.chat.groups = {GROUP: ("U0RAJ",), "S0PAYONCALL": ("U0RAJ",)}
        for channel in ("C0IMOC", "C0PAY"):
            self.chat.has_channel(channel, channel.casefold())
        clients = Clients(templates=self.spy.templates, chat=self.chat, maybe_pager=self.pager)
        self._handlers = Handlers(clients)

    @property
    def members(self) -> set[str]:
        return set(self.chat.groups[GROUP])

    @property
    def news(self) -> list[str]:
        """What Spy said in the team's channel."""
        return self.chat.said_in("C0IMOC")

    def minute(self, *, dies_after: Callable[[SetOnCallGroup], bool] = lambda _: False) -> None:
        """Let Spy read the schedules, and deliver what follows. It may die between a call and its record."""
        for _ in range(2):  # at first Spy only looks who is in the group
            self.sync()
            self.send(dies_after=dies_after)
            self.spy.clock.tick(seconds=1)
        self.spy.clock.tick(seconds=58)

    def send(self, *, dies_after: Callable[[SetOnCallGroup], bool] = lambda _: False) -> None:
        with self.spy.sessions.begin() as session:
            items = session.outbox.claim("town", now=self.now, lease=LEASE, limit=500)
        for item in items:
            if isinstance(item.effect, SetOnCallGroup | Notify) and not self._deliver(item, dies_after):
                continue
            with self.spy.sessions.begin() as session:
                session.outbox.done(item.id, at=self.now)
        if items:
            self.send(dies_after=dies_after)

    def _deliver(self, item: OutboxItem, dies_after: Callable[[SetOnCallGroup], bool]) -> bool:
        def dies(effect: Effect) -> bool:
            return isinstance(effect, SetOnCallGroup) and dies_after(effect)

        try:
            return deliver_claimed(self.spy, self._handlers, item, dies_after=dies)
        except Unreachable:
            return False


@pytest.fixture
def town() -> Town:
    return Town()


def writes(town: Town) -> int:
    return town.chat.calls.count("set_group_members")


# --- whoever is on call


def test_the_group_holds_whoever_is_on_call_and_the_channel_hears_it_once(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    for _ in range(5):
        town.minute()

    assert town.members == {"U0ANA"}
    assert town.news == [
        "*On call for :imoc now*: Ana Lima. Until now: Raj Patel. The team's on-call user group is up to date."
    ]


def test_it_is_written_only_when_it_differs(town: Town):
    town.on("raj", NOON - DAY, NOON + 2 * DAY)
    for _ in range(120):
        town.minute()

    assert writes(town) == 0
    assert town.chat.calls.count("group_members") <= 3
    assert town.news == []


def test_it_follows_the_change_of_shifts(town: Town):
    town.on("ana", NOON - DAY, NOON + HOUR)
    town.on("kim", NOON + HOUR, NOON + DAY)
    town.minute()

    town.pass_time(HOUR)
    town.minute()

    assert town.members == {"U0KIM"}
    assert town.news[-1].startswith("*On call for :imoc now*: Kim Park. Until now: Ana Lima.")


def test_it_follows_a_cover_and_says_so_once(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.minute()
    town.spy.say("oncall cover 2026-11-23 12:00-18:00 <@U0KIM>", by="U0ANA")
    town.spy.say("oncall cover accept 1", by="U0KIM")
    town.deliver_promises()

    for _ in range(3):
        town.minute()

    assert town.members == {"U0KIM"}
    assert len(town.news) == 2


def test_all_who_are_on_call_at_once_are_in_it(town: Town):
    town.beside("ana", NOON - DAY, NOON + DAY)
    town.beside("kim", NOON - HOUR, NOON + DAY)

    town.minute()

    assert town.members == {"U0ANA", "U0KIM"}


def test_a_team_without_a_schedule_goes_by_the_first_level_of_its_policy():
    team = replace(POLICY.teams["imoc"], schedule=None, oncall_group=GROUP)
    town = Town(replace(POLICY, teams={**POLICY.teams, "imoc": team}))
    with town.spy.tx() as tx:
        for who in ("U0ANA", "U0RAJ"):
            tx.session.contacts.put(Contact(email=EMAILS[who], person=who))
    town.chat.groups[GROUP] = ("U0KIM",)

    for _ in range(2):
        town.copy_on_calls()
        town.send()
        town.spy.clock.tick(seconds=60)

    assert town.members == {"U0RAJ"}


# --- nobody, strangers, outages


def test_an_empty_schedule_leaves_the_group_as_it_is(town: Town):
    town.minute()

    assert town.members == {"U0RAJ"}
    assert town.news == []


def test_a_person_without_slack_leaves_the_group_as_it_is(town: Town):
    del town.chat.profiles["U0ANA"]
    town.on("ana", NOON - DAY, NOON + DAY)

    town.minute()

    assert town.members == {"U0RAJ"}


def test_who_is_known_is_in_it_beside_a_person_without_slack(town: Town):
    del town.chat.profiles["U0ANA"]
    town.beside("ana", NOON - DAY, NOON + DAY)
    town.beside("kim", NOON - DAY, NOON + DAY)

    town.minute()

    assert town.members == {"U0KIM"}


def test_a_deactivated_person_is_not_put_into_it(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.sync()
    with town.spy.tx() as tx:
        tx.session.people.put(replace(tx.session.people.get("U0ANA"), is_deactivated=True))

    town.minute()

    assert town.members == {"U0RAJ"}


def test_while_the_pager_is_down_the_known_shifts_go_on(town: Town):
    town.on("ana", NOON - DAY, NOON + HOUR)
    town.on("kim", NOON + HOUR, NOON + DAY)
    town.minute()
    town.pass_time(HOUR)
    town.pager.troubles += [Unreachable("PagerDuty is down")] * 9

    town.minute()

    assert town.members == {"U0KIM"}


# --- crashes and refusals


def test_a_crash_between_the_change_and_its_record_loses_no_announcement(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.minute(dies_after=lambda _: town.members == {"U0ANA"})
    assert (town.members, town.news) == ({"U0ANA"}, [])

    town.minute()

    assert len(town.news) == 1
    assert town.news[0].startswith("*On call for :imoc now*: Ana Lima.")
    assert writes(town) == 1


def test_an_outage_of_slack_is_waited_for(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.chat.fail("set_group_members", Unreachable("Slack did not answer"))
    town.minute()
    assert town.members == {"U0RAJ"}

    town.minute()

    assert town.members == {"U0ANA"}
    assert len(town.news) == 1


def test_a_refusal_is_said_once_a_day_with_its_cure_and_tried_hourly(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.chat.fail("set_group_members", *[Rejected("missing_scope", "Spy lacks usergroups:write.")] * 99)
    for _ in range(150):
        town.minute()

    assert writes(town) == 3
    assert len(town.news) == 1
    assert "Spy lacks usergroups:write." in town.news[0]


def test_after_the_cure_the_group_is_put_right(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.chat.fail("set_group_members", Rejected("missing_scope", "Spy lacks usergroups:write."))
    town.minute()

    town.spy.clock.tick(seconds=3600)
    town.minute()

    assert town.members == {"U0ANA"}


def test_a_group_that_a_person_changed_is_put_right_within_the_hour(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.minute()
    town.chat.groups[GROUP] = ("U0KIM",)

    town.spy.clock.tick(seconds=3600)
    town.minute()

    assert town.members == {"U0ANA"}
    assert "Someone had changed" in town.news[-1]


def test_a_group_that_no_longer_is_configured_is_left_alone(town: Town):
    town.on("ana", NOON - DAY, NOON + DAY)
    town.sync()
    town.spy.adopt(POLICY)

    town.send()

    assert town.members == {"U0RAJ"}


# --- one person in several teams


def test_someone_on_call_for_two_teams_is_in_both_groups():
    town = Town(with_groups(imoc=GROUP, payments="S0PAYONCALL"))
    town.pager.schedules["PSCH2"] = [turn("PSCH2", "ana@example.com", NOON - DAY, NOON + DAY)]
    town.on("ana", NOON - DAY, NOON + DAY)

    town.minute()

    assert town.chat.groups == {GROUP: ("U0ANA",), "S0PAYONCALL": ("U0ANA",)}
    assert (len(town.news), len(town.chat.said_in("C0PAY"))) == (1, 1)


def test_a_group_that_was_empty_is_filled(town: Town):
    town.chat.groups[GROUP] = ()
    town.on("ana", NOON - DAY, NOON + DAY)

    town.minute()

    assert town.members == {"U0ANA"}
    assert town.news == ["*On call for :imoc now*: Ana Lima. The team's on-call user group is up to date."]
