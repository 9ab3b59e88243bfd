"""Some lines of a timeline are read without the others, with the same result as from all of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from bot.adapters.database import Database
from bot.domain.incident.timeline import HIDDEN, KEPT, Entry, WantedLines, histories, visible
from bot.testing import NOON

MINOR = ("step_passed", "team_notice_seen")
KINDS = ("note_taken", "note_taken", "update_posted", "reminded", *MINOR)


def entry(seq: int, chance: Random) -> Entry:
    """Return one of a timeline in which much is corrected, hidden, kept and told late."""
    at = NOON + timedelta(minutes=seq)
    kind = "timeline_edited" if seq > 1 and chance.random() < 0.1 else chance.choice(KINDS)
    lines = [chance.randrange(1, seq)] if kind == "timeline_edited" else []
    return Entry(
        incident=42,
        seq=seq,
        kind=kind,
        occurred_at=at - timedelta(minutes=chance.choice([0, 0, 0, 10, 90])),
        recorded_at=at,
        actor=chance.choice(["U0ANA", "U0RAJ", None]),
        source="slash",
        text=f"line {seq}",
        data={"what": "edited", "lines": lines} if lines else {"message": f"{seq % 7}.5"},
        substance=kind not in {"reminded", "timeline_edited"},
        visibility=chance.choice([None, None, None, KEPT, HIDDEN]),
        supersedes=chance.randrange(1, seq) if not lines and seq > 1 and chance.random() < 0.1 else None,
    )


def numbers(entries: Iterable[Entry]) -> list[int]:
    return [it.seq for it in entries]


def told(sessions: Database) -> list[Entry]:
    """Store a timeline, and the beginning of another incident's."""
    chance = Random(7)  # noqa: S311  the same timeline each time
    entries = [entry(seq, chance) for seq in range(1, 201)]
    with sessions.begin() as session:
        for it in (*entries, replace(entries[0], incident=43)):
            session.timeline.append(it)
    return entries


def test_the_visible_lines_come_in_the_order_in_which_they_happened(sessions: Database):
    shown = visible(told(sessions))

    with sessions.read() as session:
        found = session.timeline.visible(42)

    assert found == numbers(shown)


def test_the_latest_lines_leave_out_what_is_minor(sessions: Database):
    shown = [it for it in visible(told(sessions)) if it.kind not in MINOR]

    with sessions.read() as session:
        found = session.timeline.visible(42, without=MINOR, latest=5)

    assert found == numbers(shown)[-5:]


def test_some_lines_with_all_edits_have_the_same_histories(sessions: Database):
    entries = told(sessions)
    known = histories(entries)
    lines = [7, 77, 177, 200]

    with sessions.read() as session:
        found = session.timeline.with_edits(42, lines)

    some = histories(found)
    assert [some[it] for it in lines] == [known[it] for it in lines]
    assert set(numbers(visible(found))) & set(lines) == set(numbers(visible(entries))) & set(lines)
    assert len(found) < len(entries)


def test_what_was_recorded_since_a_moment_is_the_end_of_the_timeline(sessions: Database):
    entries = told(sessions)

    with sessions.read() as session:
        found = session.timeline.recorded_since(42, entries[150].recorded_at)

    assert found == entries[150:]


def test_lines_are_found_by_their_slack_message(sessions: Database):
    entries = told(sessions)

    with sessions.read() as session:
        found = session.timeline.made_from(42, "note_taken", "3.5")

    assert sorted(found) == [
        it.seq for it in entries if it.kind == "note_taken" and it.data.get("message") == "3.5"
    ]


def test_the_messages_of_which_there_was_ever_a_line_are_known(sessions: Database):
    entries = told(sessions)
    taken = {it.data["message"] for it in entries if it.kind == "note_taken" and it.data.get("message")}

    with sessions.read() as session:
        found = session.timeline.known_messages(42, "note_taken", {"3.5", "C0PAY:3.5", "0.1"})
        none = session.timeline.known_messages(42, "note_taken", ())

    assert found == {"3.5", "C0PAY:3.5", "0.1"} & taken
    assert not none


def test_what_this_transaction_added_and_marked_is_read(sessions: Database):
    entries = told(sessions)
    late = replace(entries[0], seq=201, visibility=None, kind="note_taken", substance=True)

    with sessions.begin() as session:
        session.timeline.append(late)
        session.timeline.set_visibility(42, [200], HIDDEN)
        found = session.timeline.visible(42)

    assert 201 in found
    assert 200 not in found


def test_windows_of_the_visible_lines_come_newest_first_and_leave_out_none(sessions: Database):
    shown = visible(told(sessions))[::-1]
    found: list[int] = []

    with sessions.read() as session:
        wanted = WantedLines()
        while window := session.timeline.window(42, wanted, limit=30):
            found += window
            last = next(it for it in shown if it.seq == window[-1])
            wanted = WantedLines(before=(last.occurred_at, last.seq))

    assert found == numbers(shown)


def test_a_window_has_lines_of_some_kinds_and_people_with_words_until_a_time(sessions: Database):
    shown = visible(told(sessions))[::-1]
    until = NOON + timedelta(minutes=150)
    wanted = WantedLines(kinds=("note_taken", "reminded"), person="U0ANA", words="LINE 1", until=until)

    with sessions.read() as session:
        found = session.timeline.window(42, wanted, limit=300)
        some = session.timeline.window(42, WantedLines(), limit=300, among=[3, 77, 200])
        tally = session.timeline.tally(42)

    assert found
    assert found == [
        it.seq
        for it in shown
        if it.kind in wanted.kinds
        and it.actor == "U0ANA"
        and "line" in it.text
        and "1" in it.text
        and it.occurred_at <= until
    ]
    assert set(some) == {3, 77, 200} & set(numbers(shown))
    assert Counter({(kind, actor): count for kind, actor, count in tally}) == Counter(
        (it.kind, it.actor) for it in shown
    )


def test_what_is_new_is_found_by_the_last_line_that_was_seen(sessions: Database):
    entries = told(sessions)

    with sessions.read() as session:
        last = session.timeline.last_lines([42, 43, 44])
        after = session.timeline.after(42, 190, limit=5)

    assert last == {42: 200, 43: 1, 44: 0}
    assert after == entries[190:195]
