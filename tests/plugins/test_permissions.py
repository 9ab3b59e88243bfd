"""Who may do what: by name, through a user group as Slack last told of it, and as a member of the workspace."""

from dataclasses import replace

import pytest

from bot.domain.refusal import Refusal
from bot.ports import Profile
from bot.services.people import People
from bot.services.permissions import FRESH, Permissions
from bot.testing import POLICY, SpyKit
from tests.support.times import in_utc

WHAT = "Approving a failover"


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy whose operators are Raj and the user group S0SRE, and whose admin is Ana."""
    roles = {"operator": frozenset({"U0RAJ", "S0SRE"}), "admin": frozenset({"U0ANA"})}
    return SpyKit(policy=replace(POLICY, permissions=roles))


def read(spy: SpyKit, *members: str) -> None:
    with spy.tx() as tx:
        Permissions(tx).synced("S0SRE", members)


def refused(spy: SpyKit, person: str) -> str:
    with spy.tx() as tx, pytest.raises(Refusal) as refusal:
        Permissions(tx).require(person, "operator", WHAT)
    return refusal.value.sentence


# --- roles ------------------------------------------------------------------------------------------------


def test_a_role_is_had_by_name_or_through_a_user_group(spy: SpyKit):
    read(spy, "U0KIM")

    with spy.tx() as tx:
        permissions = Permissions(tx)
        assert [it for it in ("U0ANA", "U0RAJ", "U0KIM", "U0ZOE") if permissions.may(it, "operator")] == [
            "U0ANA",
            "U0RAJ",
            "U0KIM",
        ]
        assert not permissions.may("U0KIM", "admin")
        assert permissions.may("U0ZOE", "everyone")
        assert permissions.holders("operator").everybody == {"U0ANA", "U0RAJ", "U0KIM"}


def test_who_has_left_the_group_has_the_role_no_longer(spy: SpyKit):
    read(spy, "U0KIM")
    read(spy, "U0LEE")

    with spy.tx() as tx:
        assert not Permissions(tx).may("U0KIM", "operator")
        assert Permissions(tx).may("U0LEE", "operator")


def test_a_refusal_names_people_and_groups_without_a_mark_that_pings_a_group(spy: SpyKit):
    read(spy, "U0RAJ", "U0KIM")

    assert refused(spy, "U0ZOE") == (
        "Approving a failover is for the role operator: ask <@U0ANA>, <@U0RAJ>, "
        "or someone in the user group S0SRE (<@U0KIM>, as of 12:00 UTC)."
    )


def test_of_a_large_group_a_refusal_names_a_few(spy: SpyKit):
    read(spy, *(f"U0N{number}" for number in range(12)))
    spy.clock.tick(days=2)

    assert "<@U0N4> and 7 more, as of Nov 23, 12:00 UTC" in in_utc(refused(spy, "U0ZOE"))


def test_a_refusal_says_what_is_not_known_of_a_group(spy: SpyKit):
    unread = refused(spy, "U0ZOE")
    with spy.tx() as tx:
        Permissions(tx).not_synced("S0SRE", "missing_scope")
    unreadable = refused(spy, "U0ZOE")
    read(spy)
    empty = refused(spy, "U0ZOE")
    read(spy, "U0RAJ")

    assert "S0SRE (Slack has not told me yet who is in it)" in unread
    assert "S0SRE (Slack does not tell me who is in it: `spy check` says why)" in unreadable
    assert "S0SRE (nobody, as of 12:00 UTC)" in in_utc(empty)
    assert "S0SRE (nobody else, as of 12:00 UTC)" in in_utc(refused(spy, "U0ZOE"))


# --- what Slack tells -------------------------------------------------------------------------------------


def test_a_group_is_asked_for_until_it_was_read_and_again_after_a_while(spy: SpyKit):
    def stale() -> list[str]:
        with spy.tx() as tx:
            return Permissions(tx).stale()

    never = stale()
    read(spy, "U0KIM")
    just_read = stale()
    spy.clock.tick(seconds=FRESH.total_seconds())

    assert (never, just_read, stale()) == (["S0SRE"], [], ["S0SRE"])


def test_each_trouble_is_news_once(spy: SpyKit):
    with spy.tx() as tx:
        permissions = Permissions(tx)
        news = [permissions.not_synced("S0SRE", it) for it in ("Unreachable", "Unreachable", "missing_scope")]
        permissions.synced("S0SRE", ["U0KIM"])
        again = permissions.not_synced("S0SRE", "missing_scope")

        assert (news, again) == ([True, False, True], True)
        assert permissions.may("U0KIM", "operator")


# --- members of the workspace -----------------------------------------------------------------------------


def test_a_member_is_let_through_and_a_guest_is_not(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima"))
        People(tx).met("U0ZOE", Profile(name="Zoe Novak", is_guest=True))

        Permissions(tx).require_member("U0ANA", WHAT)
        with pytest.raises(Refusal, match="you are a guest here"):
            Permissions(tx).require_member("U0ZOE", WHAT)


def test_whoever_slack_has_not_told_of_is_asked_to_try_again(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).seen("U0KIM", "kim")

        for stranger in ("U0KIM", "U0NEW"):
            with pytest.raises(Refusal, match=r"not confirmed yet that you are one\. Try again in a moment"):
                Permissions(tx).require_member(stranger, WHAT)
