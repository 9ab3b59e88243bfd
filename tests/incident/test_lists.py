"""Lists that are longer than a message: each says how many there are, and goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Response, Source
from bot.domain.changes.change import Change
from bot.domain.message import Buttons, Message
from bot.domain.policy import Team
from bot.services.changes.changes import Changes
from bot.testing import SpyKit


def said(answer: Response) -> Message:
    assert answer.message
    return answer.message


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts if isinstance(part, Buttons) for it in part.buttons]


def bullets(message: Message) -> int:
    return sum(line.startswith("• ") for line in message.text.splitlines())


@pytest.fixture
def thirty(spy: SpyKit) -> SpyKit:
    """Thirty incidents are open: trouble 1 to trouble 30."""
    for number in range(1, 31):
        spy.say(f'incident me "trouble {number}"', by=f"U0P{number % 3}")
    return spy


def test_the_list_says_how_many_are_open_and_pages_to_the_oldest(thirty: SpyKit):
    first = said(thirty.say("incident list"))
    second = said(thirty.say("incident list page 2"))

    assert first.text.splitlines()[0] == "30 incidents open, newest first (1 to 20):"
    assert labels(first) == ["Show older"]
    assert second.text.splitlines()[0] == "30 incidents open, newest first (21 to 30):"
    assert "*INC-1 trouble 1*" in second.text
    assert labels(second) == ["Show newer"]


def test_the_button_goes_on_where_the_page_ends(thirty: SpyKit):
    thirty.press("Show older", said(thirty.say("incident list trouble")))

    assert "*INC-1 trouble 1*" in thirty.posts("C0GENERAL")[-1].text


@pytest.mark.parametrize("page", [3, 99, 0])
def test_beyond_the_last_page_is_the_nearest_one(thirty: SpyKit, page: int):
    answer = said(thirty.say(f"incident list page {page}")) if page else said(thirty.say("incident list"))

    assert bullets(answer) == (10 if page else 20)


@pytest.fixture
def past(spy: SpyKit) -> SpyKit:
    """INC-1, which paged :imoc, was fixed two hours ago; INC-2, a false alarm, now; INC-3 is open."""
    spy.say('incident me "checkout is down" sev1')
    spy.say("incident 1 stop rolled back the cart")
    spy.clock.tick(hours=2)
    spy.say('incident me "search is slow"', by="U0RAJ")
    spy.say('incident 2 tell :payments "look at your graphs"', by="U0RAJ")
    spy.say("incident 2 cancel the probe was wrong", by="U0RAJ")
    spy.say('incident me "cart is slow"', by="U0RAJ")
    return spy


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("", [3]),
        ("open", [3]),
        ("resolved", [2, 1]),
        ("past", [2, 1]),
        ("all", [3, 2, 1]),
        ("resolved :imoc", [1]),
        ("all :payments", [2]),
        ("resolved since 1h", [2]),
        ("all since 1h", [3, 2]),
        ("resolved cart", [1]),
        ('all "CART"', [3, 1]),
        ('all "slow search"', [2]),
        ("all since 3h cart page 1", [3, 1]),
        ("resolved :payments since 3h probe", [2]),
        ("resolved since yesterday", [2, 1]),
        ("all since monday cart", [3, 1]),
        ("all since 2026-11-24", []),
        ("all unheard-of", []),
    ],
)
def test_past_incidents_are_found(past: SpyKit, words: str, numbers: list[int]):
    answer = said(past.say(f"incident list {words}".strip()))

    assert [number for number in (3, 2, 1) if f"*INC-{number} " in answer.text] == numbers
    assert bullets(answer) == len(numbers)


@pytest.mark.parametrize("words", ["since last night", "resolved since 25:00", "all since 13pm cart"])
def test_a_time_that_cannot_be_read_is_not_looked_for_as_a_word(past: SpyKit, words: str):
    assert "can't read the time" in said(past.say(f"incident list {words}")).text


def test_nothing_found_says_what_was_looked_for(past: SpyKit):
    answer = said(past.say("incident list resolved :imoc nothing of the sort"))

    assert answer.text.startswith("No past incident of :imoc with nothing of the sort.")


def test_a_private_one_is_listed_for_its_members_and_to_them_alone(spy: SpyKit):
    spy.say('incident me "payroll is stolen" private')
    spy.say("incident 1 stop")

    mine, others = spy.say("incident list resolved payroll"), spy.say("incident list all", by="U0RAJ")

    assert ("*INC-1" in said(mine).text, mine.shared) == (True, False)
    assert said(others).text.startswith("No incident.")


def test_which_incident_is_meant_says_that_there_are_more(thirty: SpyKit):
    answer = said(thirty.say("incident stop"))

    assert "`incident list` shows all 30" in answer.text


# --- the other lists --------------------------------------------------------------------------------------


def test_locks_go_on(spy: SpyKit):
    for number in range(25):
        spy.say(f'lock svc-{number} "a freeze"')

    first, second = said(spy.say("locks")), said(spy.say("locks page 2"))

    assert "*Deploy locks* 25 (1 to 20)" in first.text
    assert (labels(first), bullets(second)) == (["Next"], 5)


def test_changes_go_on(spy: SpyKit):
    with spy.tx() as tx:
        for number in range(25):
            Changes(tx).hear(changed(spy, number))

    first, third = said(spy.say("changes 2h")), said(spy.say("changes 2h page 3"))

    assert "newest first (1 to 10) of 25:" in first.text
    assert labels(first) == ["Show older"]
    assert "deploy 24" in third.text


def changed(spy: SpyKit, number: int) -> Change:
    at = spy.clock.now() - timedelta(minutes=number)
    return Change(
        number=0,
        key=f"k{number}",
        source="github",
        kind="deploy",
        service=None,
        title=f"deploy {number}",
        happened_at=at,
        as_of=at,
        heard_at=at,
    )


def test_follow_ups_go_on_in_an_incident_and_everywhere(spy: SpyKit):
    spy.say('incident me "cart is down"')
    for number in range(25):
        spy.say(f'incident 1 action "mend {number}"')

    everywhere, here = said(spy.say("follow-ups")), said(spy.say("follow-ups 1 page 2"))

    assert "*Open follow-ups* 25 (1 to 20)" in everywhere.text
    assert labels(everywhere) == ["Next"]
    assert bullets(here) == 5


def test_who_is_in_a_crowded_channel_goes_on(spy: SpyKit):
    spy.say('incident me "cart is down"')
    for number in range(60):
        spy.say(f"incident 1 role helper-{number} <@U0P{number}> anyway")

    first, second = said(spy.say("incident 1 who")), said(spy.say("incident 1 who page 2"))

    assert "*In the channel* 61 (1 to 50)" in first.text
    assert "(51 to 61) <@U0P49>" in second.text


def test_teams_on_call_go_on(spy: SpyKit):
    teams = {f"team-{n}": Team(key=f"team-{n}", channel=f"C0T{n}") for n in range(25)}
    spy.adopt(replace(spy.policy, teams=teams))

    first, second = said(spy.say("oncall")), said(spy.say("oncall page 2"))

    assert first.text.startswith("25 teams (1 to 20):")
    assert "team-24" in second.text
    assert labels(first) == ["Next"]


@pytest.mark.parametrize("words", ["runbook", "runbooks", "runbook list", "runbook list page 1"])
def test_runbooks_are_listed_in_many_words(spy: SpyKit, words: str):
    assert said(spy.say(words)).text.startswith("*Runbooks*")


@pytest.mark.parametrize("words", ["failover", "failover plans", "failover list page 2"])
def test_plans_are_listed_in_many_words(spy: SpyKit, words: str):
    assert "There is no failover plan yet" in said(spy.say(words, source=Source.SLASH)).text


def test_a_search_of_too_many_words_is_refused(thirty: SpyKit):
    assert "20 words at most; these are 21" in said(thirty.say("incident list " + "cart " * 21)).text
