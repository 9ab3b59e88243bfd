"""The timeline: corrections supersede, housekeeping is kept and not told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.incident.timeline import Entry, visible

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def entry(seq: int, **more: object) -> Entry:
    plain = Entry(
        incident=42,
        seq=seq,
        kind="note_taken",
        occurred_at=NOON + timedelta(minutes=seq),
        recorded_at=NOON,
        actor="U0ANA",
        source="slash",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def numbers(entries: list[Entry]) -> list[int]:
    return [it.seq for it in entries]


def test_what_was_corrected_is_told_in_its_new_words():
    assert numbers(visible([entry(1), entry(2), entry(3, supersedes=1)])) == [2, 3]


def test_what_was_taken_back_is_not_told_at_all():
    assert numbers(visible([entry(1), entry(2, supersedes=1, substance=False)])) == []


def test_what_was_hidden_is_not_told():
    assert numbers(visible([entry(1, visibility="hidden"), entry(2)])) == [2]


def test_things_are_told_in_the_order_they_happened():
    said_earlier = entry(3, occurred_at=NOON)

    assert numbers(visible([entry(1), entry(2), said_earlier])) == [3, 1, 2]
