"""What only decorates a postmortem's issue costs it nothing: it is there, and who asked hears once what it lacks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.github import GitHub
from bot.adapters.templates import JinjaTemplates
from bot.delivery.afterwards import AfterwardsCourier
from bot.domain.effects import Afterwards, ExportPostmortem, FileFollowUp, Notify
from bot.domain.policy import Paperwork
from bot.ports import Parcel
from bot.sandbox.box import Box
from bot.sandbox.weather import http
from bot.services.desk import Desk
from tests.stories import Story

HERE, ISSUES = Path(__file__).parents[2], "/repos/acme/postmortems/issues"
WORDS = JinjaTemplates([HERE / "templates"])
PAPERWORK = Paperwork(
    repository="acme/postmortems", logins={"U0ANA": "ana-lima", "U0RAJ": "nobody"}, milestone="Reliability"
)


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def courier(box: Box) -> Iterator[AfterwardsCourier]:
    environment = box.environment()
    github = GitHub(
        environment["GITHUB_TOKEN"], url=environment["GITHUB_API_URL"], timeout=timedelta(seconds=10)
    )
    yield AfterwardsCourier(lambda: github, WORDS)
    github.close()


@pytest.fixture
def story() -> Story:
    story = Story()
    story.spy.policy = replace(story.spy.policy, paperwork=PAPERWORK)
    story.opens('"checkout is down" sev1')
    story.say('action "alert on the queue" <@U0RAJ> detection')
    return story


def export(story: Story, courier: AfterwardsCourier, *, uncertain: bool = False) -> None:
    """Do as the worker does, with all that `postmortem export` asks for."""
    asked = len(story.spy.effects)
    story.say("postmortem export")
    for effect in [it for it in story.spy.effects[asked:] if isinstance(it, FileFollowUp | ExportPostmortem)]:
        deliver(story, courier, effect, uncertain=uncertain)


def deliver(story: Story, courier: AfterwardsCourier, effect: Afterwards, *, uncertain: bool) -> None:
    with story.spy.desk() as desk:
        parcel = Parcel(id=1, effect=effect, attempts=1, uncertain=uncertain, queued_at=desk.now)
        errand = courier.errand(parcel, desk)
    assert errand
    found = errand.look() if uncertain and errand.look else None
    result = found if found is not None else errand.go()
    with story.spy.desk() as desk:
        errand.settle(desk, result)


def told(story: Story) -> list[str]:
    """Give what was said of what GitHub left out, as it is rendered when it leaves."""
    with story.spy.desk() as desk:
        texts = [WORDS.render(it.template, _facts(it, desk)).text for it in story.spy.asked(Notify)]
    return [text for text in texts if "GitHub left out" in text]


def _facts(effect: Notify, desk: Desk) -> dict[str, object]:
    assert effect.incident
    return {"incident": desk.incident(effect.incident), **effect.facts}


def test_an_export_without_rights_to_labels_is_told_once_with_the_cure(
    story: Story, courier: AfterwardsCourier, box: Box
):
    box.github.plan("Reliability")
    box.github.may_push = False

    export(story, courier)
    export(story, courier)

    [once] = told(story)
    assert "the labels postmortem, sev1, the assignee ana-lima, the milestone Reliability" in once
    assert "the labels follow-up, detection (follow-up 1)" in once
    assert "let the owner of GITHUB_TOKEN set them there (the role Triage, or more)" in once
    assert len(box.github.issues) == 2


def test_milestones_that_cannot_be_read_cost_no_export(story: Story, courier: AfterwardsCourier, box: Box):
    box.weather.strike("github", "GET /repos/acme/postmortems/milestones", http(404), times=2)

    export(story, courier)

    assert len(box.github.issues) == 2
    [once] = told(story)
    assert "the milestone Reliability (GitHub answered 404 to a look at the milestones)" in once


def test_after_a_lost_answer_there_is_no_second_postmortem_though_labels_were_dropped(
    story: Story, courier: AfterwardsCourier, box: Box
):
    box.github.may_push = False
    export(story, courier)
    with story.spy.desk() as desk:  # the answers were lost: nothing was kept
        desk.work.postmortems.put(replace(desk.work.postmortems.get(1), filed=None))
        desk.work.follow_ups.put(replace(desk.work.follow_ups.get(1), filed=None))

    export(story, courier, uncertain=True)

    assert len(box.github.issues) == 2
