"""The same trouble, declared again by somebody else while it is open: join it, or open another."""

from dataclasses import replace

import pytest

from bot.commands.request import Response, Source
from bot.domain.incident.effects import Invite
from bot.domain.incident.origin import Origin
from bot.domain.message import Buttons, Message
from bot.domain.paging.effects import SendPage
from bot.services.incident.incidents import Incidents
from bot.testing import SpyKit
from tests.support.times import in_utc


@pytest.fixture(autouse=True)
def first(spy: SpyKit, channel: str) -> None:
    """INC-1 is open: *checkout is down*, a sev1, declared by Ana three minutes ago."""
    assert channel
    spy.clock.tick(minutes=3)


def said(answer: Response) -> Message:
    assert answer.message
    return answer.message


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts if isinstance(part, Buttons) for it in part.buttons]


def count(spy: SpyKit) -> int:
    with spy.tx() as tx:
        return len(tx.session.incidents.open(limit=10))


def test_the_second_is_asked_whether_to_join_or_to_open_another(spy: SpyKit):
    answer = spy.say('incident me "checkout is down" sev1', by="U0RAJ")

    assert said(answer).text.startswith(
        "*INC-1 already has this name*, opened 3 min ago by Ana Lima: <#C0ROOM>.\nJoin it, or open another."
    )
    assert labels(said(answer)) == ["Join INC-1", "Open another"]
    assert not answer.shared
    assert (count(spy), len(spy.asked(SendPage))) == (1, 1)


NEARLY = (
    "Checkout is DOWN",
    "  checkout   is  down ",
    "checkout is down!",
    "checkout-is-down",
    "“Checkout is down.”",
    "checkout is down SEV-1",
    "checkout is down (sev 2)",
    "checkout is down P1!",
    "checkout is down sev1",
)


@pytest.mark.parametrize("name", NEARLY)
def test_nearly_the_same_name_is_the_same(spy: SpyKit, name: str):
    spy.say("incident me", by="U0RAJ", source=Source.FORM, given={"name": name})

    assert count(spy) == 1


@pytest.mark.parametrize("name", ["checkout is down in the EU", "search is down", "checkout is slow", "sev1"])
def test_another_name_is_another_incident(spy: SpyKit, name: str):
    spy.say(f'incident me "{name}"', by="U0RAJ")

    assert count(spy) == 2


@pytest.mark.parametrize("names", [("🔥", "💧"), ("!!!", "???"), ("sev1", "sev2"), ("P1", "p 2")])
def test_names_without_a_letter_are_told_apart_as_well(spy: SpyKit, names: tuple[str, str]):
    for name in names:
        spy.say("incident me", by="U0RAJ", source=Source.FORM, given={"name": name})

    assert count(spy) == 3


@pytest.mark.parametrize(
    ("more", "severity", "drill"),
    [("", None, False), ("sev1", "sev1", False), ("drill", None, True), ("sev2 drill", "sev2", True)],
)
def test_another_opens_at_once(spy: SpyKit, more: str, severity: str | None, *, drill: bool):
    spy.say(f'incident me "x is down" {more}')
    answer = said(spy.say(f'incident me "x is down" {more}', by="U0RAJ"))

    spy.press("Open another", answer, by="U0RAJ")

    another = spy.incident(3)
    assert (another.name, another.severity, another.drill) == ("x is down", severity, drill)
    assert "INC-3 x is down* is open" in spy.posts("C0GENERAL")[-1].text


def test_another_that_is_pressed_twice_opens_one(spy: SpyKit):
    answer = said(spy.say('incident me "checkout is down"', by="U0RAJ"))

    for _ in range(2):
        spy.press("Open another", answer, by="U0RAJ")

    assert count(spy) == 2


def test_a_name_with_quotes_in_it_can_be_opened_again(spy: SpyKit):
    spy.say("incident me", by="U0ANA", source=Source.FORM, given={"name": 'the "big" one'})
    spy.say("incident me", by="U0RAJ", source=Source.FORM, given={"name": 'the "big" one'})

    spy.press("Open another", spy.private()[-1], by="U0RAJ")

    assert (count(spy), spy.incident(3).declared_by) == (3, "U0RAJ")


def test_anyway_opens_another_in_words(spy: SpyKit):
    spy.say("incident me checkout is down sev1 anyway", by="U0RAJ")

    assert (spy.incident(2).name, spy.incident(2).severity) == ("checkout is down", "sev1")
    assert len(spy.asked(SendPage)) == 2


URL = "https://acme.slack.com/archives/C0PAY/p1700000000000100"
MESSAGE = Origin(url=URL, author="<@U0KIM>")


def from_message(spy: SpyKit, name: str, *, by: str, origin: Origin = MESSAGE, **given: str) -> Response:
    return spy.say(
        "incident me",
        by=by,
        source=Source.FORM,
        channel="C0PAY",
        given={"name": name, **given},
        origin=origin,
    )


def test_the_same_message_under_another_name_is_the_same_trouble(spy: SpyKit):
    from_message(spy, "search is slow", by="U0ANA")
    spy.clock.tick(minutes=3)
    from_message(spy, "nobody finds anything", by="U0RAJ")

    asked = spy.private()[-1]
    assert asked.text.startswith(
        "*INC-2 search is slow* was declared from this message, opened 3 min ago by Ana Lima: "
    )
    assert labels(asked) == ["Join INC-2", "Open another"]
    assert count(spy) == 2


def test_another_from_a_message_links_it_and_names_its_author(spy: SpyKit):
    from_message(spy, "search is slow", by="U0ANA")
    from_message(spy, "nobody finds anything", by="U0RAJ", severity="sev2")
    asked = spy.private()[-1]

    for _ in range(2):
        spy.press("Open another", asked, by="U0RAJ")

    another = spy.incident(3)
    assert (another.name, another.severity, count(spy)) == ("nobody finds anything", "sev2", 3)
    assert [it.url for it in another.links] == [URL]
    [linked] = [it for it in spy.timeline(3) if it.kind == "link_added"]
    assert linked.data["author"] == "<@U0KIM>"


def test_another_of_the_same_name_links_the_message_too(spy: SpyKit):
    from_message(spy, "checkout is down", by="U0RAJ", origin=replace(MESSAGE, is_private=True))

    spy.press("Open another", spy.private()[-1], by="U0RAJ")

    assert [(it.url, it.title) for it in spy.incident(2).links] == [
        (URL, "The message it was declared from in a private channel")
    ]


def test_a_message_whose_incident_is_over_or_private_to_others_is_free(spy: SpyKit):
    from_message(spy, "search is slow", by="U0ANA")
    spy.say("incident 2 stop", by="U0ANA")
    from_message(spy, "payroll is stolen", by="U0ANA", private="yes")

    from_message(spy, "nobody finds anything", by="U0RAJ")

    assert spy.incident(4).name == "nobody finds anything"


def test_a_thread_that_was_declared_from_is_told_as_well(spy: SpyKit):
    thread = Origin(url=URL, kind="thread")
    spy.say('incident me "search is slow"', by="U0ANA", origin=thread)

    answer = spy.say('incident me "nobody finds anything"', by="U0RAJ", origin=thread)

    assert "was declared from this thread" in said(answer).text
    assert count(spy) == 2


def test_another_keeps_its_services(spy: SpyKit):
    spy.say('incident me "checkout is down" affects checkout', by="U0RAJ")
    answer = said(spy.say('incident me "checkout is down" affects checkout', by="U0RAJ"))
    assert labels(answer) == ["Join INC-1", "Open another"]

    spy.press("Open another", answer, by="U0RAJ")

    assert spy.incident(2).services == ("checkout",)


def test_who_joins_is_invited(spy: SpyKit):
    answer = said(spy.say('incident me "checkout is down"', by="U0RAJ"))

    joined = spy.press("Join INC-1", answer, by="U0RAJ")

    assert joined.message is None
    assert spy.private()[-1].text == "INC-1: you are being invited to <#C0ROOM>."
    assert spy.asked(Invite)[-1].people == ("U0RAJ",)


def test_who_is_in_it_is_not_invited_again(spy: SpyKit):
    answer = said(spy.say("incident 1 join", by="U0ANA"))

    assert answer.text == "You are in INC-1 already: <#C0ROOM>."
    assert [it.people for it in spy.asked(Invite)] == [("U0ANA",)]


def test_the_form_closes_and_the_question_comes_as_a_message(spy: SpyKit):
    spy.say(
        "incident me", by="U0RAJ", source=Source.FORM, given={"name": "checkout is down", "severity": "sev1"}
    )

    assert labels(spy.private()[-1]) == ["Join INC-1", "Open another"]


def test_a_worse_severity_is_offered_for_the_one_that_is_open(spy: SpyKit):
    spy.say("incident sev sev3", channel="C0ROOM")

    answer = said(spy.say('incident me "checkout is down" sev1', by="U0RAJ"))

    assert "It is sev3; you said sev1." in answer.text
    assert labels(answer) == ["Join INC-1", "Open another", "Make it sev1"]


def test_whoever_declared_it_opens_another_without_being_asked(spy: SpyKit):
    spy.say('incident me "checkout is down"', by="U0ANA")

    assert count(spy) == 2


def test_a_double_click_that_says_a_severity_is_offered_it(spy: SpyKit):
    spy.say('incident me "search is slow"', by="U0ANA")

    answer = said(spy.say('incident me "search is slow!" sev2', by="U0ANA"))

    assert in_utc(answer.text).startswith("*INC-2 search is slow* is open already, since 12:03 UTC")
    assert labels(answer) == ["Open another", "Make it sev2"]


def test_the_name_of_an_incident_that_is_over_is_free(spy: SpyKit):
    spy.say("incident stop", channel="C0ROOM")
    spy.say('incident me "checkout is down" sev1', by="U0RAJ")

    assert spy.incident(2).declared_by == "U0RAJ"


def test_a_private_name_is_never_confirmed_to_who_is_not_in_it(spy: SpyKit):
    spy.say('incident me "payroll is stolen" private', by="U0ANA")

    for more in ("", " private", " drill private"):
        answer = said(spy.say(f'incident me "payroll is stolen"{more}', by="U0RAJ"))
        assert "is open" in answer.text
        assert "INC-2" not in answer.text


def test_who_is_in_a_private_one_is_asked_where_nobody_else_reads_it(spy: SpyKit):
    spy.say('incident me "payroll is stolen" private', by="U0ANA")
    spy.create_channel(2, channel="C0SECRET")
    spy.say("incident 2 role scribe <@U0RAJ>", by="U0ANA")
    spy.say('incident me "payroll is stolen" private', by="U0RAJ", source=Source.MENTION)

    assert "*INC-2 already has this name*" in spy.private()[-1].text
    assert not spy.posts("C0GENERAL")


def test_a_drill_is_no_double_of_the_real_thing(spy: SpyKit):
    spy.say('incident me "checkout is down" sev1 drill', by="U0RAJ")

    assert spy.incident(2).drill


def test_the_first_one_is_not_held_up(spy: SpyKit):
    with spy.tx() as tx:
        declared = Incidents(tx).declare("search is slow", by="U0RAJ")

    assert declared.is_new


# --- a number is no name ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["declare 1", "incident declare 1", "incident me #1"])
def test_a_lone_number_opens_nothing_and_asks_about_the_alert(spy: SpyKit, words: str):
    answer = spy.say(words)

    assert answer.is_refusal
    assert answer.message
    assert "Did you mean `alert declare 1`?" in answer.message.text
    with spy.tx() as tx:
        assert tx.session.incidents.get(2) is None


def test_a_number_may_be_the_name_after_all(spy: SpyKit):
    spy.say('incident me "1" anyway')

    assert spy.incident(2).name == "1"
