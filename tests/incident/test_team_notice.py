"""A tell: who has seen it, each once."""

from datetime import UTC, datetime

from bot.domain.incident.events import TeamNoticeFailed
from bot.domain.incident.team_notice import TeamNotice

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TELL = TeamNotice(
    number=5, incident=42, team="payments", channel="C0PAY", message="look", by="U0ANA", at=NOON
)


def seen_by(notice: TeamNotice, *people: str) -> TeamNotice:
    for person in people:
        seen = notice.see(by=person, at=NOON)
        notice = notice.after(seen) if seen else notice
    return notice


def test_who_saw_it_is_kept_in_order():
    assert seen_by(TELL, "U0KIM", "U0RAJ").seen_by == ("U0KIM", "U0RAJ")


def test_seeing_it_twice_is_seeing_it_once():
    assert seen_by(TELL, "U0KIM", "U0KIM").seen_by == ("U0KIM",)


def test_a_tell_that_failed_says_why():
    failed = TeamNoticeFailed(at=NOON, notice=5, team="payments", why="is_archived")

    assert TELL.after(failed).failed == "is_archived"


def test_what_was_told_is_a_fact():
    notified = TELL.notified()

    assert (notified.team, notified.text, notified.by) == ("payments", "look", "U0ANA")
