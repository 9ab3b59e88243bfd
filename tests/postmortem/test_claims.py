"""Sentences of a postmortem against the timeline: every false one is named, and no true one."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.postmortem.claims.sentences import sentences
from bot.ports import Profile
from bot.services.people import People
from tests.support.claims import findings, named
from tests.support.each import each
from tests.support.stories import GOLDEN, RAJ, Story, checkout


def lines(name: str) -> list[str]:
    return (GOLDEN / name).read_text(encoding="utf-8").splitlines()


STORY = checkout()
"""Declared at 12:00 UTC by Ana, acknowledged at 12:03 by Raj, led by him from 12:27, resolved at 12:50."""


def test_of_a_golden_postmortem_every_false_sentence_is_named_and_no_true_one():
    text = (GOLDEN / "claims.md").read_text(encoding="utf-8")
    false = [it for line in text.splitlines() if "<!-- false -->" in line for it in sentences(line)]
    true = [it for it in sentences(text) if it not in false]

    assert (len(true), len(false)) == (10, 10)
    assert named(STORY, text) == false


# --- a second set, written before its sentences were read for the first time ------------------------------

PROSE = lines("claims_true.txt")
UNREAD = lines("claims_unread.txt")
"""What a careless reader would misread: denied, supposed, quoted, partial, or about something else."""


@each([*PROSE, *UNREAD])
def test_no_true_sentence_is_named(line: str):
    assert named(STORY, line) == []


def test_code_and_comments_are_not_read():
    text = "```\nThe incident was declared at 12:20.\n```\n<!-- The incident was declared at 12:20. -->\n"

    assert named(STORY, f"{text}<pre>\nThe incident was declared at 12:20.\n</pre>\n") == []


@each(
    ["| 12:03 | page acknowledged |", "| Declared | 23 Nov 12:00 UTC |", "| **Time to mitigate** | 41 min |"]
)
def test_a_row_of_a_table_is_read_like_an_item_of_a_list(row: str):
    assert named(STORY, row) == []
    assert named(STORY, row.replace("12:", "1:").replace("41", "71"))


def mutated(line: str) -> Iterator[str]:
    """Yield a true line with each of its times, lengths and people changed, one after the other."""
    for found in re.finditer(r"12:(\d\d)", line):
        yield f"{line[: found.start()]}12:{(int(found[1]) + 21) % 60:02}{line[found.end() :]}"
    for found in re.finditer(
        r"\b(\d\d) minutes|three minutes|twelve minutes|five minutes|half an hour", line
    ):
        longer = (
            f"{int(found[1]) * 2} minutes"
            if found[1]
            else {"five minutes": "two minutes"}.get(found[0], "two hours")
        )
        yield f"{line[: found.start()]}{longer}{line[found.end() :]}"
    for found in re.finditer(r"Ana Lima|Ana|Raj Patel|Raj", line):
        yield f"{line[: found.start()]}Kim Park{line[found.end() :]}"
    if found := re.search(r"\b(before|after) (?!\d)", line):
        turned = "after" if found[1] == "before" else "before"
        yield f"{line[: found.start()]}{turned} {line[found.end() :]}"


def test_most_of_their_false_twins_are_named():
    """What is not named is what nobody knows: when a decision was made, or how long people watched."""
    twins = [it for line in PROSE for it in mutated(line)]

    unnamed = [it for it in twins if not named(STORY, it)]

    assert len(twins) > 40
    assert len(unnamed) <= len(twins) // 10, "\n".join(unnamed)


def test_a_row_of_dots_costs_no_more_than_its_length():
    begun = time.process_time()
    sentences(f"paged{'.' * 20_000}x")

    assert time.process_time() - begun < 1


# --- what is said instead ---------------------------------------------------------------------------------


def test_a_finding_holds_what_the_timeline_has_and_where():
    [found] = findings(STORY, "Kim Park declared the incident at 12:10.")

    [fact] = found.facts
    assert (fact.kind, fact.who) == ("declared", {"U0ANA"})
    assert fact.permalink


def test_of_a_length_it_holds_between_what():
    [found] = findings(STORY, "The incident lasted two hours.")

    assert {(it.start.kind, it.end.kind, it.length) for it in found.spans} >= {
        ("declared", "resolved", timedelta(minutes=50)),
        ("impact", "mitigated", timedelta(minutes=41)),
    }


def test_a_time_without_a_zone_may_be_in_the_zone_of_anybody_who_took_part():
    story = checkout()
    profile = Profile(name="Raj Patel", email=None, zone="Asia/Kolkata")
    with story.spy.tx() as tx:
        People(tx).met(RAJ, profile)

    assert named(story, "The incident was declared at 17:30.") == []
    assert named(story, "The incident was declared at 17:30 UTC.")
    assert named(story, "The incident was declared at 18:30.")


def test_corrected_lines_count_as_corrected():
    story = checkout()
    words = "The outage began at 11:40, and Ana declared the incident at 12:10."

    story.say('impact "No EU customer can pay" since 11:40', by=RAJ)

    assert named(STORY, words) == [words]
    [found] = findings(story, words)
    assert [it.kind for it in found.facts] == ["declared"]


def test_what_people_hid_is_not_told_and_what_agrees_with_it_is_true():
    story = checkout()
    acknowledged = next(it for it in story.spy.timeline(1) if it.kind == "page_acknowledged")
    story.say(f"timeline hide {acknowledged.seq}", by=RAJ)

    assert named(story, "The page was acknowledged at 12:03 by Raj.") == []
    assert named(story, "The page was acknowledged at 12:13 by Kim.") == []


def test_what_is_not_known_is_not_claimed():
    story = Story()
    story.opens('"Search is slow"')

    for words in (
        "The incident was resolved at 13:00 by Kim Park.",
        "The page was acknowledged at 12:13 after two hours.",
        "The impact lasted three hours and began at 9:00.",
        "The incident was mitigated at 12:13, before the first update.",
    ):
        assert named(story, words) == []
    assert named(story, "Kim Park was the incident commander.")


# --- generated from the timeline itself -------------------------------------------------------------------

MINUTES = st.integers(min_value=0, max_value=59)
ZONES = st.sampled_from([("UTC", timedelta()), ("+02:00", timedelta(hours=2)), ("JST", timedelta(hours=9))])
EVENTS = {
    "The incident was declared": 0,
    "@raj acknowledged the page": 3,
    "The first update was posted": 12,
    "@raj took command": 27,
    "The incident was mitigated": 33,
    "INC-1 was resolved": 50,
}
LENGTHS = {
    "It took {} to acknowledge the page.": 3,
    "Ana led the incident for {}.": 27,
    "The incident was resolved {} after it was mitigated.": 17,
    "The first update came {} after the declaration.": 12,
}


@settings(max_examples=60, deadline=None)
@given(
    said=st.sampled_from(sorted(EVENTS)),
    off=st.integers(1, 300),
    zone=ZONES,
    clock=st.sampled_from(["%H:%M", "%I:%M %p"]),
)
def test_a_time_of_the_timeline_is_true_in_each_zone_and_a_shifted_one_is_not(
    said: str, off: int, zone: tuple[str, timedelta], clock: str
):
    def written(minutes: int) -> str:
        at = datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(minutes=minutes)
        local = at.astimezone(timezone(zone[1]))
        return f"{said} at {local.strftime(clock)} {zone[0]}."

    assert named(STORY, written(EVENTS[said])) == []
    assert named(STORY, written(EVENTS[said] + off)) == [written(EVENTS[said] + off)]
    assert named(STORY, written(EVENTS[said] - off)) == [written(EVENTS[said] - off)]


def spoken(minutes: int) -> list[str]:
    hours, rest = divmod(minutes, 60)
    return [
        f"{minutes} minutes",
        f"{minutes} min",
        f"about {minutes} min",
        f"{hours} h {rest} min",
        f"{hours}h{rest:02}",
    ]


@settings(max_examples=60, deadline=None)
@given(said=st.sampled_from(sorted(LENGTHS)), off=st.integers(11, 90), way=st.integers(0, 4))
def test_a_length_of_the_timeline_is_true_however_it_is_written_and_a_longer_one_is_not(
    said: str, off: int, way: int
):
    true, false = (said.format(spoken(LENGTHS[said] + it)[way]) for it in (0, off))

    assert named(STORY, true) == []
    assert named(STORY, false) == [false]


def test_of_each_two_events_the_order_is_true_one_way_only():
    for (first, earlier), (second, later) in (
        (one, other) for one in EVENTS.items() for other in EVENTS.items()
    ):
        if earlier < later:
            true = f"{first} before {second[0].lower()}{second[1:]}".replace("iNC-1", "INC-1")
            assert named(STORY, f"{true}.") == []
            assert named(STORY, f"{true.replace(' before ', ' after ')}.")
