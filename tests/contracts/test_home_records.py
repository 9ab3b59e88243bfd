"""Who has looked at their Home tab lately, and what has changed for it, on both databases."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.home.home import Home, HomeChange
from bot.ports import Sessions
from tests.contracts.test_session import NOON

SECOND = timedelta(seconds=1)
ANA = Home(person="U0ANA", looked_at=NOON, due_at=NOON + 10 * SECOND, mark="1.2")
ALL, SECRET, RAJ = HomeChange(), HomeChange(incident=3), HomeChange(person="U0RAJ")


def test_a_home_that_is_opened_again_keeps_when_it_was_published(sessions: Sessions):
    with sessions.begin() as session:
        session.homes.opened(ANA)
        session.homes.published("U0ANA", at=NOON + SECOND, shown="digest", mark="1.3")

    with sessions.begin() as session:
        known = replace(ANA, published_at=NOON + SECOND, shown="digest", mark="1.3")
        assert session.homes.get("U0ANA") == known
        session.homes.opened(replace(ANA, looked_at=NOON + 2 * SECOND, mark=None))

    with sessions.read() as session:
        again = replace(known, looked_at=NOON + 2 * SECOND, shown="", mark=None)
        assert session.homes.all(limit=5) == [again]
        assert session.homes.get("U0RAJ") is None


def test_a_home_that_was_opened_meanwhile_is_neither_moved_nor_removed(sessions: Sessions):
    opened = replace(ANA, looked_at=NOON + SECOND)
    with sessions.begin() as session:
        session.homes.opened(opened)
        session.homes.move([replace(ANA, due_at=None)])
        session.homes.remove("U0ANA", looked_before=NOON)
        assert session.homes.get("U0ANA") == opened

        session.homes.move([replace(opened, due_at=None)])
        assert session.homes.get("U0ANA") == replace(opened, due_at=None)
        session.homes.remove("U0ANA", looked_before=NOON + SECOND)
        assert session.homes.get("U0ANA") is None


def test_a_home_whose_state_is_not_known_is_due(sessions: Sessions):
    with sessions.begin() as session:
        session.homes.opened(replace(ANA, shown="digest"))
        session.homes.forget_state("U0ANA", due_at=NOON)

        assert session.homes.get("U0ANA") == replace(ANA, shown="", mark=None, due_at=NOON)


def test_changes_are_taken_once_and_only_kept_while_somebody_looks(sessions: Sessions):
    with sessions.begin() as session:
        session.homes.note(ALL, since=NOON - SECOND)  # nobody has looked since then
    with sessions.begin() as session:
        session.homes.opened(ANA)
    with sessions.begin() as session:
        session.homes.note(ALL, SECRET, since=NOON)
    with sessions.begin() as session:
        session.homes.note(SECRET, RAJ, since=NOON - SECOND)
        session.homes.note(RAJ, since=NOON - SECOND)

    with sessions.begin() as session:
        assert set(session.homes.take(limit=1)) | set(session.homes.take(limit=5)) == {SECRET, RAJ}
        assert session.homes.take(limit=5) == []
