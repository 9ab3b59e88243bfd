"""What only decorates a postmortem's issue costs it nothing: it is there, and who asked hears once what it lacks."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.request import MadePrivateNotice
from bot.domain.effects import Notify
from bot.domain.policy import PostmortemSettings
from bot.domain.postmortem.effects import AttachFollowUp, ExportPostmortem, FileFollowUp
from bot.ports import OutboxItem, Rejected
from bot.sandbox.box import Box
from bot.sandbox.faults import http
from bot.workers.deliver.handler import Handlers
from tests.support.outbox import deliver
from tests.support.stories import Story

HERE, ISSUES = Path(__file__).parents[2], "/repos/acme/postmortems/issues"
POSTMORTEM_SETTINGS = PostmortemSettings(
    repository="acme/postmortems", logins={"U0ANA": "ana-lima", "U0RAJ": "nobody"}, milestone="Reliability"
)


@pytest.fixture
def story() -> Story:
    story = Story()
    story.spy.policy = replace(story.spy.policy, postmortem_settings=POSTMORTEM_SETTINGS)
    story.opens('"checkout is down" sev1')
    story.say('action "alert on the queue" <@U0RAJ> detection')
    return story


def export(story: Story, handler: Handlers, *, uncertain: bool = False) -> None:
    """Do as the worker does, with all that `postmortem export` asks for."""
    asked = len(story.spy.effects)
    story.say("postmortem export", after=1)
    for effect in [it for it in story.spy.effects[asked:] if isinstance(it, FileFollowUp | ExportPostmortem)]:
        assert deliver(story.spy, handler, effect, uncertain=uncertain)


def told(story: Story) -> list[str]:
    facts = [it.facts for it in story.spy.asked(Notify) if it.template == "postmortem/exported"]
    incident = story.spy.incident(1)
    return [
        story.templates.render("postmortem/exported", {"incident": incident, **it}).text
        for it in facts
        if it["without"]
    ]


def test_an_export_without_rights_to_labels_is_told_once_with_the_cure(
    story: Story, handler: Handlers, box: Box
):
    box.github.plan("Reliability")
    box.github.may_push = False

    export(story, handler)
    export(story, handler)

    [once] = told(story)
    assert "the labels postmortem, sev1, the assignee ana-lima, the milestone Reliability" in once
    assert "the labels follow-up, detection (follow-up 1)" in once
    assert "give the owner of GITHUB_TOKEN the role Triage or higher" in once
    assert len(box.github.issues) == 2


def test_milestones_that_cannot_be_read_cost_no_export(story: Story, handler: Handlers, box: Box):
    box.faults.inject("github", "GET /repos/acme/postmortems/milestones", http(404), times=2)

    export(story, handler)

    assert len(box.github.issues) == 2
    [once] = told(story)
    assert "the milestone Reliability (GitHub answered 404 to a look at the milestones)" in once


def test_after_a_lost_answer_there_is_no_second_postmortem_though_labels_were_dropped(
    story: Story, handler: Handlers, box: Box
):
    box.github.may_push = False
    export(story, handler)
    with story.spy.tx() as tx:  # the answers were lost: nothing was kept
        tx.session.postmortems.put(replace(tx.session.postmortems.get(1), filed=None))
        tx.session.follow_ups.put(replace(tx.session.follow_ups.get(1), filed=None))

    export(story, handler, uncertain=True)

    assert len(box.github.issues) == 2


def test_what_was_made_private_is_written_to_no_issue_that_others_read(
    story: Story, handler: Handlers, box: Box
):
    export(story, handler)
    before = {number: it.body for number, it in box.github.issues.items()}
    private = replace(POSTMORTEM_SETTINGS, private_repository="acme/private")
    story.spy.adopt(replace(story.spy.policy, postmortem_settings=private))
    story.spy.notice(MadePrivateNotice(id="Ev1", channel="C0ROOM"))
    story.say('note "a secret"')

    with pytest.raises(Rejected):  # the box has no such repository: nothing is written elsewhere instead
        export(story, handler)

    assert {number: it.body for number, it in box.github.issues.items()} == before


def test_what_nobody_asked_for_and_github_refuses_is_told_once_and_once_when_it_works(
    story: Story, handler: Handlers
):
    effect = ExportPostmortem(key="export:1:x", incident=1)
    item = OutboxItem(id=1, effect=effect, attempts=1, uncertain=False, queued_at=story.clock.now())
    for _ in range(3):
        with story.spy.tx() as tx:
            handler.on_giving_up(item, tx, "GitHub refuses the token in GITHUB_TOKEN")
    assert deliver(story.spy, handler, effect)

    about = [it for it in story.spy.lines(1) if "The export of the postmortem" in it]
    assert ["could not be delivered" in about[0], "works again" in about[1], len(about)] == [True, True, 2]


# --- sub-issues -------------------------------------------------------------------------------------------


def below(story: Story, handler: Handlers, box: Box, *, uncertain: bool = False) -> list[tuple[str, str]]:
    """Export, put the follow-up below the postmortem, and return each issue with the title of one below it."""
    wanted = replace(POSTMORTEM_SETTINGS, sub_issues=True)
    story.spy.policy = replace(story.spy.policy, postmortem_settings=wanted)
    story.say("postmortem export", after=1)
    for kind in (ExportPostmortem, FileFollowUp, AttachFollowUp):
        for effect in story.spy.asked(kind):
            assert deliver(story.spy, handler, effect, uncertain=uncertain)
    issues = box.github.issues
    return [(it.title, issues[number].title) for it in issues.values() for number in it.sub_issues]


def test_the_issue_of_a_follow_up_goes_below_that_of_the_postmortem(
    story: Story, handler: Handlers, box: Box
):
    [(postmortem, follow_up)] = below(story, handler, box)

    assert postmortem.startswith("Postmortem: INC-1")
    assert "alert on the queue" in follow_up


def test_when_the_export_was_given_up_once_the_next_one_puts_the_follow_up_below(
    story: Story, handler: Handlers, box: Box
):
    wanted = replace(POSTMORTEM_SETTINGS, sub_issues=True)
    story.spy.policy = replace(story.spy.policy, postmortem_settings=wanted)
    story.say("postmortem export", after=1)
    for effect in story.spy.asked(FileFollowUp):
        assert deliver(story.spy, handler, effect)
    assert story.spy.asked(AttachFollowUp) == []

    assert below(story, handler, box)


def test_who_asks_for_the_export_again_puts_below_what_github_was_too_busy_for(
    story: Story, handler: Handlers, box: Box
):
    export(story, handler)
    wanted = replace(POSTMORTEM_SETTINGS, sub_issues=True)
    story.spy.policy = replace(story.spy.policy, postmortem_settings=wanted)
    export(story, handler)
    [given_up] = story.spy.asked(AttachFollowUp)

    export(story, handler)

    again = story.spy.asked(AttachFollowUp)[-1]
    assert again.key != given_up.key
    assert deliver(story.spy, handler, again)
    assert [len(it.sub_issues) for it in box.github.issues.values() if it.sub_issues] == [1]


def test_a_second_try_after_a_lost_answer_changes_nothing(story: Story, handler: Handlers, box: Box):
    once = below(story, handler, box)

    assert below(story, handler, box, uncertain=True) == once


def test_where_github_has_no_sub_issues_the_follow_up_is_an_issue_all_the_same(
    story: Story, handler: Handlers, box: Box
):
    box.github.has_sub_issues = False

    assert below(story, handler, box) == []
    assert len(box.github.issues) == 2
    assert "sub-issue" not in " ".join(told(story))


def test_nothing_goes_below_where_it_is_not_configured(story: Story, handler: Handlers):
    export(story, handler)

    assert story.spy.asked(AttachFollowUp) == []
