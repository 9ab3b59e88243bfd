"""What only decorates a postmortem's issue costs it nothing: it is there, and who asked hears once what it lacks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.github import GitHub
from bot.adapters.templates import JinjaTemplates
from bot.commands.ask import MadePrivate
from bot.delivery.afterwards import AfterwardsCourier
from bot.domain.effects import Afterwards, ExportPostmortem, FileFollowUp, Notify
from bot.domain.policy import Paperwork
from bot.ports import Parcel, Rejected
from bot.sandbox.box import Box
from bot.sandbox.faults import http
from tests.stories import Story

HERE, ISSUES = Path(__file__).parents[2], "/repos/acme/postmortems/issues"
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
    yield AfterwardsCourier(lambda: github, JinjaTemplates([HERE / "templates"]))
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
    story.say("postmortem export", after=1)
    for effect in [it for it in story.spy.effects[asked:] if isinstance(it, FileFollowUp | ExportPostmortem)]:
        deliver(story, courier, effect, uncertain=uncertain)


def deliver(story: Story, courier: AfterwardsCourier, effect: Afterwards, *, uncertain: bool) -> None:
    with story.spy.tx() as tx:
        parcel = Parcel(id=1, effect=effect, attempts=1, uncertain=uncertain, queued_at=tx.now)
        errand = courier.errand(parcel, tx)
    assert errand
    found = errand.look() if uncertain and errand.look else None
    result = found if found is not None else errand.go()
    with story.spy.tx() as tx:
        errand.settle(tx, result)


def told(story: Story) -> list[str]:
    facts = [it.facts for it in story.spy.asked(Notify) if it.template == "postmortem/exported"]
    incident = story.spy.incident(1)
    return [
        story.templates.render("postmortem/exported", {"incident": incident, **it}).text
        for it in facts
        if it["without"]
    ]


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
    box.faults.inject("github", "GET /repos/acme/postmortems/milestones", http(404), times=2)

    export(story, courier)

    assert len(box.github.issues) == 2
    [once] = told(story)
    assert "the milestone Reliability (GitHub answered 404 to a look at the milestones)" in once


def test_after_a_lost_answer_there_is_no_second_postmortem_though_labels_were_dropped(
    story: Story, courier: AfterwardsCourier, box: Box
):
    box.github.may_push = False
    export(story, courier)
    with story.spy.tx() as tx:  # the answers were lost: nothing was kept
        tx.session.postmortems.put(replace(tx.session.postmortems.get(1), filed=None))
        tx.session.follow_ups.put(replace(tx.session.follow_ups.get(1), filed=None))

    export(story, courier, uncertain=True)

    assert len(box.github.issues) == 2


def test_what_was_made_private_is_written_to_no_issue_that_others_read(
    story: Story, courier: AfterwardsCourier, box: Box
):
    export(story, courier)
    before = {number: it.body for number, it in box.github.issues.items()}
    private = replace(PAPERWORK, private_repository="acme/private")
    story.spy.adopt(replace(story.spy.policy, paperwork=private))
    story.spy.notice(MadePrivate(id="Ev1", channel="C0ROOM"))
    story.say('note "a secret"')

    with pytest.raises(Rejected):  # the box has no such repository: nothing is written elsewhere instead
        export(story, courier)

    assert {number: it.body for number, it in box.github.issues.items()} == before


def test_what_nobody_asked_for_and_github_refuses_is_told_once_and_once_when_it_works(
    story: Story, courier: AfterwardsCourier
):
    effect = ExportPostmortem(key="export:1:x", incident=1)
    parcel = Parcel(id=1, effect=effect, attempts=1, uncertain=False, queued_at=story.clock.now())
    for _ in range(3):
        with story.spy.tx() as tx:
            courier.gave_up(parcel, tx, "GitHub refuses the token in GITHUB_TOKEN")
    deliver(story, courier, effect, uncertain=False)

    about = [it for it in story.spy.lines(1) if "The export of the postmortem" in it]
    assert ["could not be delivered" in about[0], "works again" in about[1], len(about)] == [True, True, 2]
