"""What a tired person types without quotes: it is read, or asked back, and never swallowed."""

import pytest

from bot.commands.request import Edited, Response, Shared, Source
from bot.domain.incident.name import channel_name
from bot.domain.message import Buttons
from bot.services.incident.notes import Notes
from bot.testing import SpyKit
from tests.support.times import in_utc

HOST = "<http://api.example.com|api.example.com>"
"""What Slack makes of a typed api.example.com."""


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def says(answer: Response) -> list[str]:
    """Return what the buttons of an answer say."""
    assert answer.message
    parts = [it for it in answer.message.parts if isinstance(it, Buttons)]
    return [button.say or "" for part in parts for button in part.buttons]


# --- severities -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "SEV-1",
        "sev 1",
        "P1",
        "p-1",
        "sev1!",
        "Sev: 1",
        "severity 1",
        "(sev1)",
        "#sev1",
        "S1",
        "sev one",
        "SEV–1",  # noqa: RUF001  as phones write it
        "*sev1*",
    ],
)
def test_a_severity_is_read_as_people_write_it(spy: SpyKit, words: str):
    spy.say(f"incident me checkout is down {words}")

    assert (spy.incident(1).name, spy.incident(1).severity) == ("checkout is down", "sev1")
    assert [page.team for page in spy.pages(1)] == ["imoc"]


@pytest.mark.parametrize("words", ["SEV-2", "sev 2", "P2", "2", "severity: 2", "s2"])
def test_a_severity_is_set_as_people_write_it(spy: SpyKit, channel: str, words: str):
    spy.say(f"incident sev {words}", channel=channel)

    assert spy.incident(1).severity == "sev2"


@pytest.mark.parametrize(
    ("words", "name", "severity"),
    [
        ("SEV1: checkout is down", "checkout is down", "sev1"),
        ("checkout sev1 is down", "checkout sev1 is down", "sev1"),
        ("checkout is down SEV-2 drill", "checkout is down", "sev2"),
        ('"sev1 storm" SEV-2', "sev1 storm", "sev2"),
    ],
)
def test_a_severity_may_stand_anywhere(spy: SpyKit, words: str, name: str, severity: str):
    spy.say(f"incident me {words}")

    assert (spy.incident(1).name, spy.incident(1).severity) == (name, severity)


@pytest.mark.parametrize(
    "name",
    [
        "p1 latency of p99",
        "s3 is down",
        "uploads fail to s3",
        "the sev1 page did not ring",
        "several pods died",
        '"sev1"',
    ],
)
def test_what_only_looks_like_a_severity_is_the_names(spy: SpyKit, name: str):
    answer = spy.say(f"incident me {name}")

    assert (spy.incident(1).name, spy.incident(1).severity) == (name.strip('"'), None)
    assert "No severity yet, so nobody is paged." in text(answer)


def test_a_missing_severity_is_set_by_a_button(spy: SpyKit):
    answer = spy.say("incident me checkout is down")
    assert answer.message

    spy.press("sev1", answer.message)

    assert spy.incident(1).severity == "sev1"
    assert [page.team for page in spy.pages(1)] == ["imoc"]


# --- options that are nearly right ------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["drill!", "[drill]", "(drill)", "*drill*", "drill."])
def test_punctuation_hides_no_option(spy: SpyKit, words: str):
    spy.say(f"incident me checkout is down {words}")

    assert (spy.incident(1).name, spy.incident(1).drill) == ("checkout is down", True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("incident me payroll privat", 'incident me "payroll" private'),
        ("incident me payroll pirvate", 'incident me "payroll" private'),
        ('incident me "payroll" privat', 'incident me "payroll" private'),
        ("incident me checkout sve1", 'incident me "checkout" sev1'),
        ("incident 1 action alert on age detecton", 'incident 1 action "alert on age" detection'),
        ("incident 1 action alert on age@raj", 'incident 1 action "alert on" age @raj'),
        ("page :payment please look", "page :payments please look"),
        ("postmortem write sumary we were down", 'postmortem write summary "we were down"'),
    ],
)
def test_what_is_nearly_an_option_is_asked_back(spy: SpyKit, channel: str, said: str, meant: str):
    before = len(spy.timeline(1))

    answer = spy.say(said, channel=channel)

    assert meant in says(answer)
    assert len(spy.timeline(1)) == before


def test_what_was_meant_as_text_is_a_button_away(spy: SpyKit):
    answer = spy.say("incident me payroll privat")
    assert answer.message

    spy.press("Part of the name", answer.message)

    assert spy.incident(1).name == "payroll privat"


@pytest.mark.parametrize("words", ["for 15", "15 minutes", "15 min", "a quarter", "half an hour"])
def test_a_length_is_read_or_refused(spy: SpyKit, channel: str, words: str):
    answer = text(spy.say(f"incident quiet {words}", channel=channel))

    assert ("quiet until" in answer) != ("How long is" in answer)


# --- times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("since 2pm", "22 14:00"),
        ("since 9:30 a.m.", "23 09:30"),
        ("since yesterday 23:10", "22 23:10"),
        ("20 minutes ago", "23 11:40"),
        ("since 20m", "23 11:40"),
        ("since noon", "23 12:00"),
        ("since two hours", "23 10:00"),
        ("from 2pm", "22 14:00"),
        ("at 2pm", "22 14:00"),
        ("around 9:30", "23 09:30"),
        ("two hours ago", "23 10:00"),
        ("ten minutes ago", "23 11:50"),
        ("since 9:30am, approx", "23 09:30"),
        ("since 10:00 Uhr", "23 10:00"),
        ("since 9:30+01:00", "23 08:30"),
        ("since 2026-11-22T14:00:00+01:00", "22 13:00"),
    ],
)
def test_a_time_is_read_with_quotes_and_without(spy: SpyKit, channel: str, quote: str, said: str, at: str):
    spy.say(f"incident impact {quote}half of EU{quote} {said}", channel=channel)

    impact = spy.incident(1)
    assert (impact.impact, f"{impact.impact_since:%d %H:%M}") == ("half of EU", at)


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize(
    "said",
    [
        *("since this morning", "since yesterday", "since 25:90", "since 5", "since last night"),
        *("since half past two", "since 09:30 CET", "since 22.11. 14:00", "since the 22nd", "since lunch"),
        *("this morning", "yesterday", "last night", "a few minutes ago"),
        "since 10:05–10:20",  # noqa: RUF001  as phones write it
    ],
)
def test_a_time_that_cannot_be_read_is_refused_with_quotes_and_without(
    spy: SpyKit, channel: str, quote: str, said: str
):
    spy.say(f"incident impact {quote}half of EU{quote} {said}", channel=channel)

    assert spy.incident(1).impact is None


@pytest.mark.parametrize(
    "note",
    [
        "dropped by mistake",
        "at least half of EU",
        "broken since the deploy",
        "we are at 50 %",
        "down at once",
    ],
)
def test_words_that_are_no_time_stay_text(spy: SpyKit, channel: str, note: str):
    for command in ("impact", "note"):
        spy.say(f"incident {command} {note}", channel=channel)

    assert spy.incident(1).impact == note
    assert spy.timeline(1)[-1].text == note


def test_a_note_may_be_of_then(spy: SpyKit, channel: str):
    answer = spy.say("note replica was promoted at 9:30 am", channel=channel, source=Source.MENTION)

    assert answer.message is None
    assert "at 09:30 UTC" in in_utc(spy.posts(channel)[-1].text)
    assert spy.timeline(1)[-1].text == "replica was promoted"


@pytest.mark.parametrize(
    ("said", "due"), [("next friday", "2026-12-04"), ("eod", "2026-11-23"), ("in 2 days", "2026-11-25")]
)
def test_a_follow_up_is_due_when_it_was_said(spy: SpyKit, channel: str, said: str, due: str):
    spy.say(f"action alert on queue age by {said}", channel=channel)

    listed = text(spy.say("follow-ups", channel=channel))
    assert "alert on queue age ·" in listed
    assert due in listed


@pytest.mark.parametrize(
    "stated", ["half of EU", "monday batch is missing", "20m users", "no orders since the deploy"]
)
def test_the_start_of_an_impact_may_be_said_afterwards(spy: SpyKit, channel: str, stated: str):
    spy.say(f"incident impact {stated}", channel=channel)
    spy.say("incident impact since 10:05", channel=channel)

    impact = spy.incident(1)
    assert (impact.impact, f"{impact.impact_since:%d %H:%M}") == (stated, "23 10:05")


def test_a_start_without_an_impact_asks_who_is_hit(spy: SpyKit, channel: str):
    assert "Who is affected?" in text(spy.say("incident impact since 10:05", channel=channel))
    assert spy.incident(1).impact is None


@pytest.mark.parametrize("word", ["by", "until", "due"])
@pytest.mark.parametrize("quote", ['"', ""])
def test_a_follow_up_has_its_day_by_each_word(spy: SpyKit, channel: str, quote: str, word: str):
    spy.say(f"action {quote}alert on queue age{quote} {word} friday", channel=channel)

    listed = text(spy.say("follow-ups", channel=channel))
    assert "alert on queue age ·" in listed
    assert "2026-11-27" in listed


@pytest.mark.parametrize(
    "said",
    [
        *(
            "by 2 weeks",
            "by two weeks",
            "by the 5th",
            "by 2026/12/01",
            "by 01.12.2026",
            "by tmrw",
            "by december",
        ),
        *("in 2 weeks", "in two days", "in december"),
    ],
)
def test_a_day_that_may_be_text_or_cannot_be_read_is_asked_back(spy: SpyKit, channel: str, said: str):
    before = len(spy.timeline(1))

    answer = spy.say(f"action alert on age {said}", channel=channel)

    assert any(f'"alert on age {said}"' in it for it in says(answer))
    assert len(spy.timeline(1)) == before


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ('"flag on" on checkout at 09:10', "09:10"),
        ("flag on on checkout at 9:10 am", "09:10"),
        ("flag on 20 minutes ago", "11:40"),
    ],
)
def test_a_change_by_hand_takes_a_time(spy: SpyKit, said: str, at: str):
    assert f"{at} UTC" in text(spy.say(f"change {said}"))


# --- the day of a time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("on friday at 10:00", "20 10:00"),
        ("friday at 10:00", "20 10:00"),
        ("at friday 10:00", "20 10:00"),
        ("on 20 nov at 10:00", "20 10:00"),
        ("at 10:00 on friday", "20 10:00"),
        ("yesterday at 11:10pm", "22 23:10"),
        ("two days ago at 10:00", "21 10:00"),
        ("2 days ago, 10:00", "21 10:00"),
        ("at 10:00 two days ago", "21 10:00"),
        ("a week ago at 9:30 am", "16 09:30"),
    ],
)
def test_a_time_is_of_the_day_that_was_said(spy: SpyKit, channel: str, quote: str, said: str, at: str):
    spy.say(f"incident note {quote}replica promoted{quote} {said}", channel=channel)
    spy.say(f"incident impact {quote}half of EU{quote} {said}", channel=channel)

    noted = next(it for it in spy.timeline(1) if it.text == "replica promoted")
    assert f"{noted.occurred_at:%d %H:%M}" == at
    assert (spy.incident(1).impact, f"{spy.incident(1).impact_since:%d %H:%M}") == ("half of EU", at)


@pytest.mark.parametrize("words", ["flag on", "flag on on checkout", '"flag on"', '"flag on" on checkout'])
def test_a_change_is_of_the_day_that_was_said(spy: SpyKit, words: str):
    answer = text(spy.say(f"change {words} on friday at 10:00"))

    assert answer.endswith(("from Ana Lima: flag on", "from Ana Lima: flag on on checkout"))
    assert "Nov 20 10:00" in answer


@pytest.mark.parametrize(
    "said",
    [
        "monday 9:00 batch is missing",
        "friday 18:00 batch fails",
        "20 nov 10:00 orders are lost",
        "10:00 on friday was the first",
        "today at 9:00 jobs hang",
        "from 9:30 queue grows",
        "this morning batch fails",
        "a few minutes ago it failed",
    ],
)
def test_a_sentence_that_begins_with_a_time_stays_whole(spy: SpyKit, channel: str, said: str):
    for command in ("impact", "note"):
        spy.say(f"incident {command} {said}", channel=channel)

    assert spy.incident(1).impact == said
    assert spy.timeline(1)[-1].text == said


@pytest.mark.parametrize("said", ["yesterday 23:10", "last friday 9:00", "20 minutes ago"])
def test_a_time_that_has_passed_may_come_first(spy: SpyKit, channel: str, said: str):
    spy.say(f"incident note {said} the replica was promoted", channel=channel)

    assert [it.text for it in spy.timeline(1) if "replica" in it.text] == ["the replica was promoted"]


@pytest.mark.parametrize("said", ["at 12:45", "at 1pm", "tomorrow at 9:00", "at 9:00 tomorrow"])
def test_a_time_to_come_is_asked_back(spy: SpyKit, channel: str, said: str):
    before = len(spy.timeline(1))

    answer = spy.say(f"incident note we restart it {said}", channel=channel)

    assert "is in the future" in text(answer)
    assert len(spy.timeline(1)) == before
    assert answer.message
    spy.press("Part of the text", answer.message, channel=channel)
    assert spy.timeline(1)[-1].text == f"we restart it {said}"


# --- what one sees ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [Source.PLAIN, Source.SLASH, Source.DM, Source.BUTTON])
def test_a_linked_host_is_the_name_one_sees(spy: SpyKit, source: Source):
    spy.say(f'lock {HOST} "migration"', source=source)

    assert "is not locked" not in text(spy.say("unlock api.example.com"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        (f"{HOST} is down", "inc-1-api-example-com-is-down"),
        ("<#C0PAY|payments> is stuck", "inc-1-payments-is-stuck"),
        ("<#C0PAY> is stuck", "inc-1-a-channel-is-stuck"),
        ("<mailto:help@x.com|help@x.com> bounces", "inc-1-help-x-com-bounces"),
        ("<!subteam^S0SRE|@sre> and <!here>", "inc-1-sre-and-here"),
        ("down since <!date^1795434300^{time} {date}|2pm>", "inc-1-down-since-2pm"),
        ("R&amp;D caf\u00e9\u00a0down", "inc-1-r-d-cafe-down"),
        (":wave::skin-tone-3: hi", "inc-1-wave-hi"),
    ],
)
def test_a_channel_is_named_by_what_people_read(name: str, slug: str):
    assert channel_name(1, name) == slug


@pytest.mark.parametrize(
    "whom", ["<!subteam^S0SRE|@sre>", "<#C0PAY|payments>", "<mailto:raj@x.com|raj@x.com>"]
)
def test_a_refusal_names_what_was_typed_as_people_see_it(spy: SpyKit, channel: str, whom: str):
    said = text(spy.say(f'page {whom} "db is on fire"', channel=channel)).casefold()

    assert not [it for it in ("subteam", "c0pay", "mailto") if it in said]
    assert len(spy.pages(1)) == 1


def test_a_name_has_no_markup(spy: SpyKit):
    spy.say(f"incident me {HOST} and <https://x.y/d|the board> of R&amp;D")

    assert spy.incident(1).name == "api.example.com and the board of R&D"


def test_a_text_keeps_the_address_behind_a_link(spy: SpyKit, channel: str):
    spy.say("note see <https://x.y/d?a=1&amp;b=2|the board> with <@U0RAJ>", channel=channel)

    assert spy.timeline(1)[-1].text == "see the board (https://x.y/d?a=1&b=2) with <@U0RAJ>"


@pytest.mark.parametrize(
    "said",
    [
        "`incident tldr`",
        "*incident tldr*",
        "```incident tldr```",
        "&gt; incident tldr",
        "incident tldr.",
        "incident *tldr*",
    ],
)
def test_decorated_commands_are_read(spy: SpyKit, channel: str, said: str):
    assert "checkout is down" in text(spy.say(said, channel=channel))


@pytest.mark.parametrize(
    "said", ["see &amp; <http://api.example.com|api.example.com>", "see\u200b &amp; api.example.com"]
)
def test_an_edited_note_reads_as_people_see_it(spy: SpyKit, channel: str, said: str):
    with spy.tx() as tx:
        Notes(tx).take(tx.incident(1), "see", by="U0ANA", said_at=tx.now, message="9.1", noted_by="U0KIM")

    spy.notice(Edited(id="Ev9", channel=channel, person="U0ANA", ts="9.1", text=said))

    assert spy.timeline(1)[-1].text == "see & api.example.com"


def test_the_words_beside_a_picture_read_as_people_see_them(spy: SpyKit, channel: str):
    picture = ("graph", "https://a.example/F1")
    said = "<http://api.example.com|api.example.com> &gt; 2s"
    spy.notice(Shared(id="Ev9", channel=channel, person="U0ANA", ts="9.1", text=said, images=(picture,)))

    assert "api.example.com > 2s" in str(spy.timeline(1)[-1].data)


# --- how long it may be -----------------------------------------------------------------------------------

LONG = "word " * 9_000


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("incident impact", "The impact may have 3,000 characters; this has 44,999."),
        ("incident cause", "The cause may have 3,000 characters"),
        ("incident stop", "The how may have 3,000 characters"),
        ("incident note", "The text may have 40,000 characters; this has 44,999."),
        ("incident update", "The message may have 40,000 characters"),
        ("lock checkout", "The why may have 3,000 characters"),
        ("incident me", "The name may have 40,000 characters"),
    ],
)
def test_what_is_too_long_to_be_kept_is_refused_with_its_limit(
    spy: SpyKit, channel: str, words: str, limit: str
):
    before = len(spy.timeline(1))

    answer = text(spy.say(f'{words} "{LONG}"', channel=channel))

    assert limit in answer
    assert len(spy.timeline(1)) == before


@pytest.mark.parametrize(
    "words",
    [
        "incident hand",
        "page",
        "lock",
        "pager ack",
        "why page",
        "incident sev",
        "incident status",
        "oncall cover",
        "incident quiet",
        "incident link",
        "postmortem owner",
        "incident relieve",
        "note x at",
        "nothing",
    ],
)
def test_an_echo_of_what_was_typed_is_short(spy: SpyKit, channel: str, words: str):
    marked = [f"{mark}{'x' * 9_000}" for mark in ("", ":", "@")]

    for said in (*marked, f"<#C1|{marked[0]}>", f"<https://x.y/{marked[0]}>"):
        answer = spy.say(f"{words} {said}", channel=channel)
        assert not answer.message or len(answer.message.text) < 1_000


@pytest.mark.parametrize("said", ["at 3", "friday at 3", "next week 7"])
def test_an_hour_is_no_incidents_number(spy: SpyKit, said: str):
    assert "I can't read the day" in text(spy.say(f"postmortem due {said}"))


def test_a_line_that_is_not_there_is_named(spy: SpyKit, channel: str):
    assert "There is no line 500" in text(spy.say("incident timeline from 500", channel=channel))


# --- flags that are denied, or nearly said ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("this is not a drill", "this is not a drill"),
        ("checkout is down, not a drill sev1", "checkout is down, not a drill"),
        ("checkout is down (not a drill!) sev1", "checkout is down (not a drill!)"),
        ("checkout is down sev1 no drill", "checkout is down sev1 no drill"),
        ("it isn't a drill", "it isn't a drill"),
        ("checkout down, isnt drill", "checkout down, isnt drill"),
        ("this is not just a drill", "this is not just a drill"),
        ("never a drill", "never a drill"),
        ("this is not a sev1 drill", "this is not a sev1 drill"),
        ("it is not private", "it is not private"),
        ("it is no longer private", "it is no longer private"),
    ],
)
def test_a_flag_that_is_denied_is_no_flag(spy: SpyKit, said: str, name: str):
    spy.say(f"incident me {said}")

    incident = spy.incident(1)
    assert (incident.name, incident.drill, incident.private) == (name, False, False)


@pytest.mark.parametrize("said", ["checkout not sev1", "checkout isn't a sev1", "checkout is no longer sev1"])
def test_a_severity_that_is_denied_rings_nobody(spy: SpyKit, said: str):
    spy.say(f"incident me {said}")

    assert (spy.incident(1).name, spy.incident(1).severity, spy.pages(1)) == (said, None, [])


@pytest.mark.parametrize("said", ["it is down, no, drill", "nothing works drill", "not up drill"])
def test_a_flag_after_another_denial_is_one(spy: SpyKit, said: str):
    spy.say(f"incident me {said}")

    assert spy.incident(1).drill


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("payroll - private - sev1", 'incident me "payroll" private sev1'),
        ("payroll / private / sev1", 'incident me "payroll" private sev1'),
        ("payroll private & sev1", 'incident me "payroll" private sev1'),
        ("payroll --private sev1", 'incident me "payroll" private sev1'),
        ("payroll private please sev1", 'incident me "payroll" private sev1'),
        ("payroll privately sev1", 'incident me "payroll" private sev1'),
        ("payroll private: yes sev1", 'incident me "payroll" private sev1'),
        ("payroll private=true sev1", 'incident me "payroll" private sev1'),
        ("payroll –private sev1", 'incident me "payroll" private sev1'),  # noqa: RUF001  as phones write it
        ("payroll private :lock: sev1", 'incident me "payroll" private sev1'),
        ("payroll private incident", 'incident me "payroll" private'),
        ("payroll confidential sev1", 'incident me "payroll" private sev1'),
        ("payroll sev1/private", 'incident me "payroll" sev1 private'),
        ("private payroll stolen sev1", 'incident me "payroll stolen" private sev1'),
        ("private: payroll stolen", 'incident me "payroll stolen" private'),
        ("private sev1 payroll stolen", 'incident me "payroll stolen" private sev1'),
        ("drill: payroll stolen sev1", 'incident me "payroll stolen" drill sev1'),
        ("payroll stolen drill please sev1", 'incident me "payroll stolen" drill sev1'),
    ],
)
def test_a_flag_never_falls_into_the_name_unasked(spy: SpyKit, said: str, meant: str):
    answer = spy.say(f"incident me {said}")

    assert meant in says(answer)
    assert text(spy.say("incident list")).startswith("No incident is open.")


@pytest.mark.parametrize("name", ["the private link is down", "drill rig is down", "a secret leaked"])
def test_a_word_of_the_name_is_no_flag(spy: SpyKit, name: str):
    spy.say(f"incident me {name} sev1")

    assert (spy.incident(1).name, spy.incident(1).severity) == (name, "sev1")


@pytest.mark.parametrize(
    ("said", "whole", "without"),
    [
        (
            'incident me "payroll stolen" sev1 please private',
            'incident me "payroll stolen please" sev1 private',
            'incident me "payroll stolen" sev1 private',
        ),
        (
            'incident me "checkout" is down sev1',
            'incident me "checkout is down" sev1',
            'incident me "checkout" sev1',
        ),
        ('incident me "checkout" is down', 'incident me "checkout is down"', 'incident me "checkout"'),
        (
            'incident me "p1" queue stuck sev-2',
            'incident me "p1 queue stuck" sev-2',
            'incident me "p1" sev-2',
        ),
        ('incident me sev1 "cart" is down', 'incident me sev1 "cart is down"', 'incident me sev1 "cart"'),
        ('incident me "cart" sev1 @raj', 'incident me "cart @raj" sev1', 'incident me "cart" sev1'),
        (
            'incident me "checkout is down" sev1 :payments',
            'incident me "checkout is down :payments" sev1',
            'incident me "checkout is down" sev1',
        ),
        ('incident me "cart" sev1 no drill', 'incident me "cart no drill" sev1', 'incident me "cart" sev1'),
        (
            'incident me "cart" not a drill sev1',
            'incident me "cart not a drill" sev1',
            'incident me "cart" sev1',
        ),
        (
            'incident me "payroll" confidential sev1',
            'incident me "payroll confidential" sev1',
            'incident me "payroll" sev1',
        ),
        ('note "db" is slow', 'note "db is slow"', 'note "db"'),
        ('note "a" and "b" at 10:05', "note \"'a' and 'b'\" at 10:05", 'note "a" at 10:05'),
        ('impact "EU" 50 % since 10am', 'impact "EU 50 %" since 10am', 'impact "EU" since 10am'),
        (
            'action "fix" the "x" thing by friday',
            "action \"'fix' the 'x' thing\" by friday",
            'action "fix" by friday',
        ),
        ('change "flag" on', 'change "flag on"', 'change "flag"'),
    ],
)
def test_words_beside_a_quote_are_asked_about(spy: SpyKit, channel: str, said: str, whole: str, without: str):
    before = len(spy.effects)

    answer = spy.say(said, channel=channel)

    assert says(answer) == [whole, without]
    assert "outside the quotes. Nothing was done." in text(answer)
    assert len(spy.effects) == before


@pytest.mark.parametrize("said", ['tell <@U0RAJ> "hold"', "tell <@U0RAJ|raj> hold", "incident list <@U0RAJ>"])
def test_a_person_is_no_e_mail_address(spy: SpyKit, channel: str, said: str):
    assert "e-mail" not in text(spy.say(said, channel=channel))


@pytest.mark.parametrize("words", ["sev1", "SEV-1", "all P1", "checkout sev1", "sev1 since friday"])
def test_incidents_are_listed_by_severity(spy: SpyKit, channel: str, words: str):
    spy.say("incident me checkout is slow sev3")

    listed = text(spy.say(f"incident list {words}"))

    assert "INC-1" in listed
    assert "INC-2" not in listed


@pytest.mark.parametrize("said", ["by 2 weeks", "in 2 weeks", "due two weeks", "until a week"])
def test_a_day_beside_a_text_in_quotes_is_no_part_of_it(spy: SpyKit, channel: str, said: str):
    spy.say(f'action "alert on age" {said}', channel=channel)

    listed = text(spy.say("follow-ups", channel=channel))
    assert "alert on age ·" in listed
    assert ("2026-11-30" if "a week" in said else "2026-12-07") in listed


@pytest.mark.parametrize(
    "words",
    ["closed yesterday", "closed from sunday", "closed this week", "closed since this week", "past today"],
)
def test_incidents_are_listed_from_a_day(spy: SpyKit, channel: str, words: str):
    spy.say("incident stop", channel=channel)
    spy.clock.tick(hours=10)
    assert "INC-1" in text(spy.say(f"incident list {words}"))
    spy.clock.tick(hours=24 * 14)
    assert "INC-1" not in text(spy.say(f"incident list {words}"))


@pytest.mark.parametrize("said", ["november", "90", "last night"])
def test_a_start_of_a_list_that_cannot_be_read_is_asked_back(spy: SpyKit, channel: str, said: str):
    assert "I can't read the time" in text(spy.say(f"incident list all since {said}"))


# --- several names where one is read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("page @raj @kim db is down", ["page @raj db is down", "page @kim db is down"]),
        ("page @raj,@kim x", ["page @raj x", "page @kim x"]),
        ("page @raj and @kim x", ["page @raj x", "page @kim x"]),
        ("page @raj, @kim & @ana x", ["page @raj x", "page @kim x", "page @ana x"]),
        ("page <@U0RAJ>, <@U0KIM|kim> x", ["page <@U0RAJ> x", "page <@U0KIM|kim> x"]),
        ('page @raj/@kim "x"', ['page @raj "x"', 'page @kim "x"']),
        ("page :imoc :payments look", ["page :imoc look", "page :payments look"]),
        ("page :imoc or @raj look", ["page :imoc look", "page @raj look"]),
        ("page payments, imoc db down", ["page payments db down", "page imoc db down"]),
        ("page payments and imoc db down", ["page payments db down", "page imoc db down"]),
        (
            'incident tell :payments, :imoc "hold"',
            ['incident tell :payments "hold"', 'incident tell :imoc "hold"'],
        ),
        ("action fix it @raj, @kim", ["action fix it @raj", "action fix it @kim"]),
        ("action fix it @raj,@kim", ["action fix it @raj", "action fix it @kim"]),
        (
            "action fix it @raj and @kim by friday",
            ["action fix it @raj by friday", "action fix it @kim by friday"],
        ),
        ("role scribe @kim @ana", ["role scribe @kim", "role scribe @ana"]),
        ("hand @raj and @kim", ["hand @raj", "hand @kim"]),
        ("postmortem owner @raj @kim", ["postmortem owner @raj", "postmortem owner @kim"]),
        ("oncall :imoc :payments", ["oncall :imoc", "oncall :payments"]),
    ],
)
def test_of_several_names_none_is_dropped(spy: SpyKit, channel: str, said: str, meant: list[str]):
    before = len(spy.effects)

    answer = spy.say(said, channel=channel)

    assert says(answer) == meant
    assert "Nothing was done." in text(answer)
    assert len(spy.effects) == before


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("page imoc payments is down", "payments is down"),
        ("page :imoc, payments is down", "payments is down"),
        ('page :imoc "@kim and :payments wait"', "@kim and :payments wait"),
        ("page :imoc please call @kim", "please call @kim"),
        ("page :imoc :fire: db", ":fire: db"),
        ("page :imoc and hurry", "and hurry"),
        ("page :imoc :imoc look", ":imoc look"),
    ],
)
def test_a_name_in_the_message_is_no_second_name(spy: SpyKit, channel: str, said: str, message: str):
    spy.say(said, channel=channel)

    assert [(it.team, it.message) for it in spy.pages(1)[1:]] == [("imoc", message)]


@pytest.mark.parametrize(
    "said", ["page ( x", "page < x", "page , @raj", "page @", "hand <", "tell & hold", "oncall ("]
)
def test_a_name_that_is_none_is_answered(spy: SpyKit, channel: str, said: str):
    assert text(spy.say(said, channel=channel))


# --- an incident's number before the text -----------------------------------------------------------------


@pytest.fixture
def other(spy: SpyKit, channel: str) -> str:
    """Return the channel of INC-2, beside INC-1."""
    assert channel
    spy.say("incident me cart is slow sev3")
    spy.create_channel(2, channel="C0OTHER")
    return "C0OTHER"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop inc-1", ["inc-1 stop", "inc-2 stop"]),
        ("incident cancel INC-1", ["inc-1 cancel", "inc-2 cancel"]),
        ("cancel 1", ["inc-1 cancel", "inc-2 cancel"]),
        ("resolve #1", ["inc-1 resolve", "inc-2 resolve"]),
        ('note 1 "for alpha"', ['inc-1 note "for alpha"', 'inc-2 note "for alpha"']),
        ("note inc-1 is alike", ["inc-1 note is alike", 'inc-2 note "inc-1 is alike"']),
    ],
)
def test_another_incidents_number_is_asked_about(spy: SpyKit, other: str, said: str, meant: list[str]):
    before = len(spy.effects)

    answer = spy.say(said, channel=other)

    assert says(answer) == meant
    assert text(answer).startswith("Do you mean INC-1? This is INC-2. Nothing was done.")
    assert len(spy.effects) == before


@pytest.mark.parametrize("said", ['note 1 "for alpha"', 'note inc-1 "for alpha"', "note inc-1 for alpha"])
def test_a_number_before_the_text_is_the_incidents(spy: SpyKit, other: str, said: str):
    assert other
    spy.say(f"incident {said}")

    assert spy.timeline(1)[-1].text == "for alpha"


@pytest.mark.parametrize("words", ["1 pod of 3 is back", "50 % fail", "2026 was better", "9"])
def test_a_number_in_a_text_stays_there(spy: SpyKit, channel: str, words: str):
    spy.say(f"note {words}", channel=channel)

    assert spy.timeline(1)[-1].text == words
