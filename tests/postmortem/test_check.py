"""`postmortem check` in chat, and what an export keeps of the issue for it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.commands.request import Source
from bot.domain.postmortem.claims.statement import Statement
from bot.domain.postmortem.effects import CheckClaims
from bot.ports import Issue
from bot.services.postmortem.postmortems import Postmortems
from bot.testing import SpyKit
from tests.support.stories import ANA, CHANNEL, KIM, RAJ, Story, checkout

ISSUE = Issue(
    repository="acme/postmortems",
    number=9,
    url="https://github.com/acme/postmortems/issues/9",
    title="",
    body="",
)
FALSE = "Kim Park declared the incident at 12:10."


@pytest.fixture
def story() -> Story:
    return checkout()


def checked(spy: SpyKit, *, by: str = ANA, channel: str = CHANNEL) -> str:
    answer = spy.say("postmortem check 1", by=by, channel=channel)
    assert answer.message
    assert not answer.shared
    return answer.message.text


def on_issue(story: Story, *sentences: str, edited: Sequence[str] = ()) -> None:
    """An export read these sentences on the issue."""
    stated = [Statement(sentence=it, place="surprised", is_on_issue=True) for it in sentences]
    with story.spy.tx() as tx:
        Postmortems(tx).exported(
            1,
            ISSUE,
            edited_by_people=edited,
            overflows=False,
            origin="test",
            statements=stated,
            read_at=tx.now,
        )


def test_each_contradiction_is_listed_with_what_the_timeline_says(story: Story):
    story.say(f'postmortem write lucky "It was noon. {FALSE}"', by=RAJ)

    said = checked(story.spy)

    assert "1 sentence of its postmortem" in said
    assert f"Lucky: “{FALSE}” The timeline says" in said
    assert "declared as sev1 by Ana Lima" in said
    assert "https://acme.slack.com/archives/C0ROOM/p0001" in said


def test_without_a_contradiction_it_says_so(story: Story):
    assert "no sentence of its postmortem contradicts the timeline" in checked(story.spy)


def test_what_stands_on_the_issue_is_as_old_as_the_last_look_and_that_is_said(story: Story):
    on_issue(story, FALSE)
    story.clock.tick(minutes=40)

    said = checked(story.spy)

    assert f"Surprised on GitHub: “{FALSE}”" in said
    assert "acme/postmortems#9" in said
    assert "was read as of" in said
    assert f"{int((story.clock.now()).timestamp()) - 40 * 60}" in said


def test_a_section_that_people_edited_on_the_issue_is_read_there_alone(story: Story):
    story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)

    on_issue(story, edited=["learned"])

    assert "no sentence" in checked(story.spy)


def test_a_correction_of_the_timeline_is_seen_at_once(story: Story):
    story.say('postmortem write trigger "The outage began at 11:40."', by=RAJ)
    before = checked(story.spy)

    story.say('impact "nobody could pay" since 11:40', by=RAJ)
    story.say("incident reopen", by=RAJ)
    story.say('impact "nobody could pay" since 11:40', by=RAJ)

    assert "the impact began" in before
    assert "no sentence" in checked(story.spy)


def test_nothing_is_changed(story: Story):
    story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)
    before = (story.spy.timeline(1), story.spy.incident(1), len(story.spy.effects))

    checked(story.spy)

    assert (story.spy.timeline(1), story.spy.incident(1)) == before[:2]


@pytest.mark.parametrize("source", [Source.SLASH, Source.PLAIN, Source.MENTION])
def test_only_who_asked_sees_it(story: Story, source: Source):
    answer = story.spy.say("postmortem check", by=ANA, channel=CHANNEL, source=source)

    assert not answer.shared
    assert not story.spy.posts(CHANNEL)


def test_an_outsider_of_a_private_incident_learns_nothing(story: Story):
    story.spy.say('incident me "payroll" sev1 private', by=ANA)
    story.spy.create_channel(2, channel="C0SECRET")
    story.spy.say(f'postmortem write lucky "{FALSE}"', by=ANA, channel="C0SECRET")

    answer = story.spy.say("postmortem check 2", by=KIM)

    assert answer.message
    assert "payroll" not in answer.message.text
    assert "declared" not in answer.message.text
    assert "Kim Park declared" in story.spy.say("postmortem check 2", by=ANA).message.text


def test_elsewhere_it_asks_which_incident_is_meant(story: Story):
    answer = story.spy.say("postmortem check", by=ANA, channel="C0GENERAL")

    assert answer.message
    story.spy.press("INC-1 Checkout is down in the EU", answer.message)
    assert "no sentence" in story.spy.private()[-1].text


def test_each_export_asks_for_a_check(story: Story):
    on_issue(story)
    with story.spy.tx() as tx:
        Postmortems(tx).exported(1, replace(ISSUE), edited_by_people=(), overflows=False, origin="again")

    assert [it.key for it in story.spy.asked(CheckClaims)] == ["claims:test", "claims:again"]
