"""Every request leaves one line in the audit log: who, by which way, where, what, and what became of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.commands.request import Joined, Reacted, Source
from bot.domain.audit import AuditLine
from bot.services.audit import AuditLog
from bot.testing import SpyKit

SECRET = "xoxb-1234-abcdefghij"


def log(spy: SpyKit) -> Sequence[AuditLine]:
    with spy.tx() as tx:
        return [line for _, line in AuditLog(tx).find()]


def last(spy: SpyKit) -> AuditLine:
    return log(spy)[-1]


def test_a_request_leaves_who_asked_what_and_where_and_what_it_made(spy: SpyKit):
    spy.say('incident me "checkout is down" sev1', by="U0ANA", channel="C0GENERAL")

    [line] = log(spy)
    assert (line.at, line.source, line.person, line.place) == (
        spy.clock.now(),
        "slash",
        "U0ANA",
        "C0GENERAL",
    )
    assert (line.command, line.outcome, line.incident) == (
        'incident me "checkout is down" sev1',
        "allowed",
        1,
    )
    assert (line.result, line.events) == ("incident/declared", ("1.1 declared", "1.2 page_requested"))


def test_a_question_that_changes_nothing_leaves_a_line_too(spy: SpyKit):
    spy.say("oncall", by="U0RAJ", source=Source.DM, channel="D0RAJ")

    [line] = log(spy)
    assert (line.source, line.person, line.command, line.events) == ("dm", "U0RAJ", "oncall", ())


@pytest.mark.parametrize(
    "text", ['incident me "x" sev1', "tldr", "frobnicate", "failover approve 1"], ids=str
)
@pytest.mark.parametrize("source", list(Source))
def test_a_second_delivery_leaves_no_second_line(spy: SpyKit, text: str, source: Source):
    for _ in range(2):
        spy.say(text, id="1", source=source)

    assert len(log(spy)) == 1


def test_a_refusal_is_kept_with_its_reason(spy: SpyKit, channel: str):
    spy.say("incident role scribbe @nobody", channel=channel, by="U0RAJ")

    line = last(spy)
    assert (line.outcome, line.person, line.incident) == ("refused", "U0RAJ", 1)
    assert line.why == "I don't know @nobody. Type @ and choose the person from Slack's list."


def test_a_form_that_is_refused_is_kept_with_what_was_filled_in(spy: SpyKit, channel: str):
    response = spy.say("incident hand 1", channel=channel, source=Source.FORM, given={"person": "@nobody"})

    assert response.complaints
    assert last(spy).command == 'incident hand 1 person: "@nobody"'
    assert (last(spy).source, last(spy).outcome) == ("form", "refused")


def test_a_form_leaves_its_fields(spy: SpyKit, channel: str):
    spy.say("incident update 1", channel=channel, source=Source.FORM, given={"text": "db is back"})

    assert last(spy).command == 'incident update 1 text: "db is back"'
    assert last(spy).events == ("1.4 update_posted",)


def test_a_milestone_is_not_taken_for_the_person_it_speaks_for(spy: SpyKit, channel: str):
    spy.pass_time(minutes=90)

    unasked = [line for line in log(spy) if line.source == "milestone"]
    assert all(line.person == "U0ANA" for line in unasked)
    assert all(line.source != "plain" for line in log(spy))


# --- what is masked ---------------------------------------------------------------------------------------


def test_a_secret_is_masked_in_the_command_and_in_the_reason(spy: SpyKit):
    spy.say(f"frobnicate {SECRET}")

    assert SECRET not in repr(log(spy))
    assert last(spy).command == "frobnicate ***"


@pytest.mark.parametrize(
    "text",
    [
        "update zebras escaped",
        'note "zebras escaped"',
        "zebras escaped",
        "role zebras @escaped",
        'page :imoc "zebras escaped"',
        "hand @zebras",
        'tell :zebras "escaped"',
        'lock zebras "escaped"',
        'change "zebras escaped"',
        'stop "zebras escaped"',
    ],
)
@pytest.mark.parametrize("source", [Source.SLASH, Source.MENTION, Source.FORM])
def test_the_words_of_a_private_incident_are_masked(spy: SpyKit, text: str, source: Source):
    spy.say('incident me "zebras escaped" sev1 private')
    spy.create_channel(1, channel="C0SECRET")
    given = {"text": "zebras escaped"} if source is Source.FORM else None

    spy.say(text, channel="C0SECRET", source=source, given=given)
    spy.say("incident tldr 1", channel="C0SECRET")

    assert len(log(spy)) == 3
    assert "zebras" not in repr(log(spy))
    assert "escaped" not in repr(log(spy))


def test_a_private_incident_that_was_not_opened_is_masked(spy: SpyKit):
    spy.say('incident me "zebras escaped" sev77 private')

    assert last(spy).outcome == "refused"
    assert "zebras" not in repr(log(spy))


def test_a_form_for_a_private_incident_that_was_not_opened_is_masked(spy: SpyKit):
    given = {"name": "zebras escaped", "severity": "sev77", "private": "yes"}

    spy.say("incident me", source=Source.FORM, given=given)

    assert last(spy).outcome == "refused"
    assert "zebras" not in repr(log(spy))


@pytest.mark.parametrize(
    "text",
    [
        'note 1 "zebras escaped"',
        'incident 1 note "zebras escaped"',
        "inc-1 zebras escaped",
        "incident tldr 1 zebras escaped",
    ],
)
def test_the_words_of_someone_who_is_not_in_a_private_incident_are_masked(spy: SpyKit, text: str):
    spy.say('incident me "zebras escaped" sev1 private')

    spy.say(text, by="U0RAJ")

    assert last(spy).outcome == "refused"
    assert "zebras" not in repr(log(spy))


def test_a_refusal_that_repeats_nothing_is_kept_whole_for_a_private_incident(spy: SpyKit):
    spy.say('incident me "zebras escaped" sev1 private')
    spy.create_channel(1, channel="C0SECRET")

    spy.say("incident confirm", channel="C0SECRET", by="U0RAJ")

    assert last(spy).outcome == "refused"
    assert last(spy).why


# --- what was not asked in words --------------------------------------------------------------------------


def test_what_slack_reports_leaves_a_line_only_if_it_changed_something(spy: SpyKit, channel: str):
    before = len(log(spy))

    spy.notice(Reacted(id="e1", channel="C0OTHER", person="U0RAJ", ts="1.2", emoji="tada"))
    assert len(log(spy)) == before
    spy.notice(Joined(id="e2", channel=channel, person="U0RAJ"))
    spy.notice(Joined(id="e2", channel=channel, person="U0RAJ"))

    [line] = log(spy)[before:]
    assert (line.source, line.person, line.place, line.command) == ("slack", "U0RAJ", channel, "Joined")


def test_an_error_leaves_a_line_without_its_words(spy: SpyKit, tmp_path: Any):
    (tmp_path / "broken.py").write_text(
        "from bot.commands.command import command\n\n\n"
        "@command('shatter \"words\"')\n"
        "def shatter(words: str) -> None:\n"
        '    """Break."""\n'
        "    raise ZeroDivisionError(words)\n"
    )
    broken = SpyKit(tmp_path)

    with pytest.raises(ZeroDivisionError):
        broken.say("shatter zebras")

    assert (last(broken).outcome, last(broken).why) == ("failed", "ZeroDivisionError")


@pytest.mark.parametrize(
    "text",
    [
        'ask operator incident 2 stop "zebras"',
        'note "zebras"',
        'postmortem write cause "zebras"',
        'inc2 note "zebras"',
        'inc1 note "zebras"',
        'incident two note "zebras"',
        'incident #2 note "zebras"',
        'INC-2: note "zebras"',
        'page :imoc "zebras"',
        "help zebras",
        "zebras",
    ],
)
@pytest.mark.parametrize("by", ["U0RAJ", "U0ANA"])
def test_what_may_be_about_a_private_incident_is_masked(spy: SpyKit, text: str, by: str):
    spy.say('incident me "checkout" sev3', by="U0ANA")
    spy.create_channel(1, channel="C0PUBLIC")
    spy.say('incident me "secret" sev1 private', by="U0ANA")
    spy.create_channel(2, channel="C0PRIVATE")
    spy.notice(Joined(id="1", channel="C0PRIVATE", person="U0RAJ"))

    spy.say(text, by=by, channel="C0GENERAL")

    assert "zebras" not in repr(log(spy))


@pytest.mark.parametrize("text", ['postmortem write summary "zebras"', 'timeline edit 5 "zebras"'])
def test_what_may_be_about_a_private_incident_that_is_over_is_masked(spy: SpyKit, text: str):
    spy.say('incident me "secret" sev1 private', by="U0ANA")
    spy.create_channel(1, channel="C0PRIVATE")
    spy.say('stop "over"', by="U0ANA", channel="C0PRIVATE")

    spy.say(text, by="U0ANA", channel="C0GENERAL")

    assert "zebras" not in repr(log(spy))


def test_words_about_a_public_incident_are_kept_of_who_is_in_a_private_one(spy: SpyKit):
    spy.say('incident me "checkout" sev3', by="U0ANA")
    spy.create_channel(1, channel="C0PUBLIC")
    spy.say('incident me "secret" sev1 private', by="U0ANA")

    spy.say('note "2 of 3 are back"', by="U0ANA", channel="C0PUBLIC")

    assert last(spy).command == 'note "2 of 3 are back"'


def test_another_incident_that_is_named_in_a_public_one_is_masked(spy: SpyKit):
    spy.say('incident me "checkout" sev3', by="U0ANA")
    spy.create_channel(1, channel="C0PUBLIC")
    spy.say('incident me "secret" sev1 private', by="U0ANA")

    spy.say('ask operator incident 2 stop "zebras"', by="U0ANA", channel="C0PUBLIC")

    assert "zebras" not in repr(log(spy))


def test_what_a_failover_says_is_masked_for_a_private_incident(spy: SpyKit):
    spy.say('incident me "secret" sev1 private', by="U0ANA")

    with spy.tx() as tx:
        AuditLog(tx).stepped(1, "drain", "done", result="zebras", incident=1)

    assert (last(spy).command, last(spy).result) == ("failover 1: drain", "***")
