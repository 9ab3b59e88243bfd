"""Who follows an incident, and which of its news are new to them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.incident.following import Following, mail_address, masked_address, news
from bot.domain.incident.timeline import HIDDEN, Entry
from bot.domain.refusal import Refusal
from bot.domain.subject import Subject

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def entry(seq: int, kind: str, text: str = "", **facts: Any) -> Entry:
    at = NOON + seq * MINUTE
    told = {"occurred_at": at, "recorded_at": at, "actor": "U0ANA", "source": "slash"}
    return Entry(incident=1, seq=seq, kind=kind, text=text, **{**told, **facts})


def edited(seq: int, into: int) -> Entry:
    return entry(seq, "timeline_edited", substance=False, data={"what": "edited", "lines": [1], "into": into})


DECLARED = entry(1, "declared", "checkout is down")
UPDATE = entry(3, "update_posted", "looking")
PAST: Sequence[Entry] = (DECLARED, entry(2, "note_taken", "chatter"), UPDATE, entry(4, "severity_set"))


def told(*entries: Entry, heard: int = 0, upto: int = 99, ended_at: datetime | None = None) -> list[Any]:
    found = news([*PAST, *entries], heard=heard, upto=upto, ended_at=ended_at)
    return [(it.entry.seq, "corrected") if it.is_corrected else it.entry.seq for it in found]


def test_followers_hear_of_updates_severity_and_phase_and_of_no_chatter():
    assert told() == [1, 3, 4]


def test_what_was_heard_is_not_told_again():
    assert told(heard=3) == [4]
    assert told(heard=1, upto=3) == [3]


def test_a_corrected_update_is_told_to_who_heard_the_other_words():
    correction = (
        entry(5, "update_posted", "fixing", occurred_at=UPDATE.occurred_at, supersedes=3),
        edited(6, 5),
    )

    assert told(*correction, heard=4) == [(5, "corrected")]
    assert told(*correction, heard=1) == [5, 4]


def test_a_correction_of_a_correction_is_told_once_for_each():
    first = (entry(5, "update_posted", "fixing", supersedes=3), edited(6, 5))
    second = (entry(7, "update_posted", "fixed", supersedes=5), edited(8, 7))

    assert told(*first, *second, heard=6) == [(7, "corrected")]
    assert told(*first, *second, heard=2) == [4, 7]


def test_a_correction_for_the_postmortem_is_told_to_nobody():
    correction = (entry(5, "update_posted", "fixing", supersedes=3), edited(6, 5))

    assert told(*correction, heard=4, ended_at=NOON - timedelta(hours=2)) == []
    assert told(*correction, heard=4, ended_at=NOON) == [(5, "corrected")]


def test_lines_that_are_merged_for_the_postmortem_are_not_told():
    merged = entry(5, "update_posted", "looking · fixed", supersedes=3)
    how = entry(6, "timeline_edited", substance=False, data={"what": "merged", "lines": [3, 2], "into": 5})

    assert told(merged, how, heard=4) == []


def test_an_update_that_was_hidden_in_time_is_not_told():
    hidden = entry(5, "update_posted", "wrong channel", visibility=HIDDEN)

    assert told(hidden, heard=4) == []


@pytest.mark.parametrize(
    "typed", ["ceo@example.com", "Ana.Lima+spy@Mail.Example.COM", "o'neil@example.co.uk"]
)
def test_an_address_is_taken_as_people_write_it(typed: str):
    assert mail_address(typed).casefold() == typed.casefold()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ceo",
        "@example.com",
        "ceo@example",
        "ceo@example.com,cfo@evil.com",
        "ceo@example.com\nBcc: cfo@evil.com",
        "ceo@example.com\r",
        "victim%evil.com@example.com",
        "evil.com!victim@example.com",
        "<ceo@example.com>",
        '"ceo"@example.com',
        "ceo@example.com@evil.com",
        "c..o@example.com",
        "ceö@example.com",
        "ceo@[127.0.0.1]",
        f"{'a' * 65}@example.com",
        f"ceo@{'a.' * 130}com",
        "-ceo@example.com",
        "ceo @example.com",
    ],
)
def test_what_is_no_address_or_more_than_one_is_refused(typed: str):
    with pytest.raises(Refusal, match="no e-mail address"):
        mail_address(typed)


def test_the_domain_of_an_address_is_in_small_letters():
    assert mail_address("CEO@Example.COM") == "CEO@example.com"


def test_a_log_shows_who_it_may_be_and_no_more():
    assert masked_address("ceo@example.com") == "c…@example.com"


def test_nobody_follows_twice_by_writing_an_address_in_another_way():
    one, other = (
        Following(number=1, about=Subject("incident", "7"), address=it, by="U0ANA", since=NOON)
        for it in ("ceo@example.com", "CEO@example.com")
    )

    assert one.key == other.key


def test_mails_of_one_address_about_two_incidents_have_different_marks():
    one = Following(
        number=1, about=Subject("incident", "7"), address="a@b.co", by="U0ANA", since=NOON, secret="x"
    )
    other = Following(
        number=1, about=Subject("incident", "7"), address="a@b.co", by="U0ANA", since=NOON, secret="y"
    )

    assert one.mark != other.mark
    assert "x" not in one.mark.rpartition(".")[2][:0]
