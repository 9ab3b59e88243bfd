"""What every unit of work keeps to about user groups and guests."""

from bot.ports import Person, UnitOfWork, UserGroup
from tests.contracts.test_work import NOON, units

__all__ = ["units"]  # the fixture: each kind of unit of work, one after the other


def test_a_user_group_comes_back_as_it_was_last_put(units: UnitOfWork) -> None:
    read = UserGroup(id="S0SRE", members=("U0RAJ", "U0ANA"), synced_at=NOON, trouble="missing_scope")
    with units.begin() as work:
        work.user_groups.put(UserGroup(id="S0SRE"))
        work.user_groups.put(UserGroup(id="S0OPS", members=("U0KIM",), synced_at=NOON))
        work.user_groups.put(read)

    with units.begin() as work:
        assert work.user_groups.get("S0SRE") == read
        assert work.user_groups.get("S0NOBODY") is None


def test_a_guest_comes_back_as_one(units: UnitOfWork) -> None:
    zoe = Person(id="U0ZOE", name="Zoe Novak", profiled_at=NOON, is_guest=True)
    with units.begin() as work:
        work.people.put(zoe)
        work.people.put(Person(id="U0ANA", name="Ana Lima"))

    with units.begin() as work:
        assert work.people.get("U0ZOE") == zoe
        assert work.people.get("U0ANA") == Person(id="U0ANA", name="Ana Lima")
