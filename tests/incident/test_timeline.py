"""The timeline: corrections supersede, housekeeping is kept and not told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident.events import StepPassed, TeamNoticeSeen
from bot.domain.incident.timeline import Entry, latest, visible

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


def test_a_latecomer_hears_the_last_events_of_substance():
    seen = entry(6, kind="team_notice_seen")

    assert numbers(latest([*map(entry, range(1, 6)), seen])) == [3, 4, 5]


MINOR = (StepPassed.kind(), TeamNoticeSeen.kind())


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([None, *MINOR])), max_size=10), st.integers(1, 5))
def test_nobody_hears_more_than_was_asked_for(kinds: list[tuple[bool, str | None]], most: int):
    entries = [
        entry(seq, substance=substance, kind=kind or "note_taken")
        for seq, (substance, kind) in enumerate(kinds, 1)
    ]

    assert len(latest(entries, most=most)) <= most
    assert set(numbers(latest(entries, most=most))) <= set(numbers(visible(entries)))
