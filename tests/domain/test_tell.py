"""A tell: who has seen it, each once."""

from datetime import UTC, datetime

from bot.domain.events import TellFailed
from bot.domain.tell import Tell

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TELL = Tell(number=5, incident=42, team="payments", channel="C0PAY", message="look", by="U0ANA", at=NOON)


def seen_by(tell: Tell, *people: str) -> Tell:
    for person in people:
        seen = tell.see(by=person, at=NOON)
        tell = tell.after(seen) if seen else tell
    return tell


def test_who_saw_it_is_kept_in_order():
    assert seen_by(TELL, "U0KIM", "U0RAJ").seen_by == ("U0KIM", "U0RAJ")


def test_seeing_it_twice_is_seeing_it_once():
    assert seen_by(TELL, "U0KIM", "U0KIM").seen_by == ("U0KIM",)


def test_a_tell_that_failed_says_why():
    failed = TellFailed(at=NOON, tell=5, team="payments", why="is_archived")

    assert TELL.after(failed).failed == "is_archived"


def test_what_was_told_is_a_fact():
    told = TELL.told()

    assert (told.team, told.text, told.by) == ("payments", "look", "U0ANA")
