"""What every unit of work keeps to about user groups and guests."""

from bot.ports import Person, Sessions, UserGroup
from tests.contracts.test_session import NOON


def test_a_user_group_comes_back_as_it_was_last_put(sessions: Sessions) -> None:
    read = UserGroup(id="S0SRE", members=("U0RAJ", "U0ANA"), synced_at=NOON, trouble="missing_scope")
    with sessions.begin() as session:
        session.user_groups.put(UserGroup(id="S0SRE"))
        session.user_groups.put(UserGroup(id="S0OPS", members=("U0KIM",), synced_at=NOON))
        session.user_groups.put(read)

    with sessions.begin() as session:
        assert session.user_groups.get("S0SRE") == read
        assert session.user_groups.get("S0NOBODY") is None


def test_a_guest_comes_back_as_one(sessions: Sessions) -> None:
    zoe = Person(id="U0ZOE", name="Zoe Novak", profiled_at=NOON, is_guest=True)
    with sessions.begin() as session:
        session.people.put(zoe)
        session.people.put(Person(id="U0ANA", name="Ana Lima"))

    with sessions.begin() as session:
        assert session.people.get("U0ZOE") == zoe
        assert session.people.get("U0ANA") == Person(id="U0ANA", name="Ana Lima")
