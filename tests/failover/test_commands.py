"""A failover from chat: the plan is shown, a second person approves, and one message tells all of it."""

from dataclasses import replace

import pytest

from bot.adapters.slack.blocks import blocks
from bot.app.samples.failover_play import ASKS, OK, PLANS, POD, RED, UNKNOWN, FailoverPlay
from bot.commands.request import Joined, Source
from bot.domain.effects import UpsertMessage
from bot.domain.failover.plan import Check, End, Outcome, Param, Program
from bot.domain.failover.state import State
from bot.domain.message import Buttons, Message
from bot.domain.subject import IncidentChannel
from bot.services.failover.actions import FailoverActions
from tests.support.times import in_utc


@pytest.fixture
def play() -> FailoverPlay:
    return FailoverPlay.begin()


def read(message: Message) -> list[str]:
    return in_utc(message.text).splitlines()


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts if isinstance(part, Buttons) for it in part.buttons]


# --- what there is, and what is proposed ------------------------------------------------------------------


def test_the_plans_are_listed_with_their_last_run_and_rehearsal(play: FailoverPlay):
    play.begun().to_the_end()
    play.say("failover rehearse pod 7 to west")
    play.to_the_end(2)

    said = in_utc(play.say("failover"))

    assert "*pod* `failover pod &lt;pod&gt; to &lt;location&gt;`" in said
    assert (
        "Last run 12:01 UTC: failover 1, pod 7 to east, in 1 min; rehearsed 12:01 UTC, successfully." in said
    )
    assert "*ask* `failover ask`\nNever run; never rehearsed." in said


def test_a_run_that_was_rolled_back_was_a_run(play: FailoverPlay):
    play.begun().goes(OK, OK, RED).to_the_end()

    listed = in_utc(play.say("failover"))
    play.say("failover pod 7 to east")

    assert "Last run 12:00 UTC: failover 1, pod 7 to east, rolled back; never rehearsed." in in_utc(listed)
    assert "No run has succeeded yet; never rehearsed." in play.card(2).text


def test_all_that_is_active_of_a_plan_is_listed(play: FailoverPlay):
    play.say("failover pod 7 to east")
    play.say("failover pod 8 to east")

    listed = play.say("failover")

    assert "Failover 1 · pod 7 to east is proposed." in listed
    assert "Failover 2 · pod 8 to east is proposed." in listed


def test_a_proposal_in_an_incidents_channel_shows_its_card_there(play: FailoverPlay):
    play.say('incident me "checkout is down" sev1')
    play.spy.create_channel(1, channel="C0ROOM")

    play.say("failover pod 7 to east", channel="C0ROOM")

    assert "*Failover 1 · pod 7 to east* · by Ana Lima" in play.card().text
    assert "direct message" not in play.card().text
    assert "Failover 1 · pod 7 to east" in play.say("failover status 1", channel="C0ROOM")


def test_a_proposal_shows_all_that_would_happen_and_nothing_moves(play: FailoverPlay):
    answer = play.say("failover pod 7 to east")

    assert "Nothing moves until a second person approves. The proposal ends 12:10 UTC" in in_utc(answer)
    dns = (
        '2. *dns*: `POST http://dns {"percent": "&lt;stage&gt;"}`, in stages 5, 100, each watched for 1 min '
        "· check `GET http://dns/&lt;stage&gt;` · undo `POST http://dns/back`"
    )
    assert read(play.card()) == [
        "*Failover 1 · pod 7 to east* · by Ana Lima",
        "Proposed 12:00 UTC. Nothing moves until someone else approves. The proposal ends 12:10 UTC.",
        "*Blast radius*: checkout of pod 7",
        "First, *replication* must be green: `GET http://look/east`",
        "1. *drain*: `./drain 7` · check `GET http://look/east` · undo `./undrain 7`",
        dns,
        "Never run before; never rehearsed.",
        "Lock: `pod-7`. `failover status 1` shows this, `failover trail 1` every step.",
    ]
    assert labels(play.card()) == ["Approve", "Withdraw"]
    assert play.start() is None


def test_the_point_of_no_return_is_shown_before_anybody_approves(play: FailoverPlay):
    play.say("failover db")

    assert "*point of no return: no rollback from here*" in play.card().text


def test_a_plan_of_many_long_steps_is_shown_to_its_end(play: FailoverPlay):
    long = Program(args=("./drain", "x" * 300))
    step = replace(POD.steps[0], run=long, verify=Check(name="drain", by=long), undo=long)
    steps = tuple(replace(step, name=f"step {number}") for number in range(1, 36))
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, steps=steps)}))
    play.say("failover pod 7 to east")

    shown = str(blocks(play.card()))

    assert "35. *step 35*" in shown
    assert "`failover status 1` shows this" in shown


def test_last_time_is_told_with_how_long_it_took(play: FailoverPlay):
    play.begun().to_the_end()

    play.say("failover pod 7 to west")

    assert "The last run took 1 min, 12:01 UTC" in in_utc("\n".join(read(play.card(2))))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("failover pod 7 to north", "`location` must be one of east, west, not “north”."),
        ("failover pod 7; to east", "pod must fit `[0-9]{1,3}`, and “7;” does not."),
        ("failover pod $(reboot) to east", "pod must fit `[0-9]{1,3}`"),
        ("failover pod 7", "I understood `failover pod`, but not the rest. Usage: `failover pod "),
        ("failover moon", "There is no such failover plan. Plans: `pod "),
        ("failover approve", "Which one? Give its number: `failover approve 12`."),
        ("failover approve one", "one is not the number of a failover. Give a number such as 12."),
        ("failover approve 99", "There is no failover 99."),
        ("failover status", "No failover is under way."),
        ("failover rollback", "No failover has succeeded here."),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(play: FailoverPlay, words: str, said: str):
    assert said in play.say(words)


def test_without_a_plan_it_says_how_to_write_one():
    bare = FailoverPlay.begin(replace(PLANS, plans={}))

    assert "docs/failover.md" in bare.say("failover")
    assert "docs/failover.md" in bare.say("failover pod 7 to east")


def test_two_proposals_for_one_lock_are_one_too_many(play: FailoverPlay):
    play.say("failover pod 7 to east")

    refused = play.spy.say("failover pod 7 to west", by="U0RAJ").message
    other = play.say("failover pod 8 to west", by="U0RAJ")

    assert refused
    assert refused.text.startswith("Failover 1 (pod 7 to east) has the lock pod-7: it is proposed.")
    assert labels(refused) == ["Show it", "Withdraw it"]
    assert "Failover 2 · pod 8 to west is proposed" in other


def test_what_can_not_be_aborted_any_more_is_not_to_be_aborted_first(play: FailoverPlay):
    play.begun()
    running = play.start()
    assert running
    while_running = play.say("failover pod 7 to west", by="U0RAJ")
    play.ends(running, OK)
    play.goes(OK, RED)

    while_going_back = play.say("failover pod 7 to west", by="U0RAJ")

    assert while_running.endswith("it is running. Wait until it ends, or abort it first.")
    assert while_going_back.endswith("it is rolling back. Wait until it ends.")


def test_a_rehearsal_holds_no_lock_and_needs_nobody(play: FailoverPlay):
    play.say("failover pod 7 to east")

    said = play.say("failover rehearse pod 7 to east")
    play.to_the_end(2)

    assert "its checks and dry runs start in a moment. Nothing moves." in said
    assert play.run(2).state is State.DONE
    assert "The rehearsal succeeded" in play.word(2)


def test_a_rehearsal_that_fails_or_is_ended_says_that_it_was_one(play: FailoverPlay):
    play.say("failover rehearse pod 7 to east")
    play.goes(OK, RED)
    play.say("failover rehearse pod 7 to east")
    step_run = play.start(2)
    assert step_run

    said = play.say("failover abort 2")
    play.ends(step_run, RED)

    assert play.word(1).endswith("The rehearsal failed. Nothing was moved. drain: HTTP 503.")
    assert said.endswith("is being stopped. Nothing has moved.")
    assert "The rehearsal was aborted. Nothing was moved. Ana Lima aborted it" in play.word(2)


def test_a_rehearsal_goes_by_the_plan_as_it_is_when_it_begins(play: FailoverPlay):
    play.say("failover rehearse pod 7 to east")
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, steps=POD.steps[:1])}))

    assert play.start() is None
    play.to_the_end()

    assert play.run().state is State.DONE
    assert "dns" not in play.card().text


# --- who may ----------------------------------------------------------------------------------------------


def test_a_second_person_approves_by_the_button_and_it_begins(play: FailoverPlay):
    play.say("failover pod 7 to east")

    play.press("Approve", play.card(), by="U0RAJ")

    assert play.run().state is State.APPROVED
    assert [it.text for it in play.spy.private()] == [
        "Approved. Failover 1 · pod 7 to east starts in a moment."
    ]


def test_where_nobody_else_sees_the_proposal_it_says_how_others_approve(play: FailoverPlay):
    play.say("failover pod 7 to east", channel="C0GENERAL")
    play.say("failover pod 8 to east", channel="D0ANA")

    assert "`failover approve" not in play.card(1).text
    assert "`failover approve 2` approves it" in play.card(2).text


def test_the_proposer_a_stranger_and_one_person_twice_do_not_approve(play: FailoverPlay):
    two = FailoverPlay.begin(replace(PLANS, plans={"pod": replace(POD, approvals=2)}))
    two.say("failover pod 7 to east")

    assert "A second person has to approve it." in two.say("failover approve 1", by="U0ANA")
    assert "for the role operator" in two.say("failover approve 1", by="U0KIM")
    assert "needs 1 more" in two.say("failover approve 1", by="U0RAJ")
    assert "You have approved Failover 1 already." in two.say("failover approve 1", by="U0RAJ")
    assert "starts in a moment" in two.say("failover approve 1", by="U0LEE")


def test_a_guest_does_not_approve_whoever_named_them_operator(play: FailoverPlay):
    play.say("failover pod 7 to east")

    said = play.say("failover approve 1", by="U0ZOE")

    assert said.startswith("Approving a failover is for members of this workspace")
    assert play.run().state is State.PROPOSED


def test_after_ten_minutes_a_proposal_lapses_and_says_so(play: FailoverPlay):
    play.say("failover pod 7 to east")
    play.spy.pass_time(minutes=11)

    late = play.spy.say("failover approve 1", by="U0RAJ").message

    assert late
    assert in_utc(late.text).startswith("Failover 1 expired at 12:10 UTC")
    assert labels(late) == ["Propose it again"]
    assert "Nobody else approved it within 10 min. Nothing was moved." in play.card().text
    assert labels(play.card()) == []


def test_a_proposal_that_one_of_two_approved_lapses_for_want_of_the_other(play: FailoverPlay):
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, approvals=2)}))
    play.begun()
    play.spy.pass_time(minutes=11)

    assert "Too few people approved it within 10 min. Nothing was moved." in play.card().text
    assert "too few had approved it in time" in play.say("failover approve 1", by="U0LEE")
    assert "Holds" not in play.card().text


def test_what_was_approved_and_could_not_begin_says_so(play: FailoverPlay):
    play.begun()
    play.spy.clock.tick(minutes=15)
    play.start()

    assert "It was approved but could not start within 10 min." in play.card().text


def test_only_operators_propose_and_abort(play: FailoverPlay):
    assert "for the role operator" in play.say("failover pod 7 to east", by="U0KIM")

    play.begun()

    assert "for the role operator" in play.say("failover abort 1", by="U0KIM")


def test_a_plan_that_changed_since_it_was_shown_is_shown_anew(play: FailoverPlay):
    play.say("failover pod 7 to east")
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, steps=POD.steps[:1])}))

    said = play.say("failover approve 1", by="U0RAJ")

    assert "has changed since it was shown, so nothing is approved" in said
    assert "dns" not in play.card().text
    assert "starts in a moment" in play.say("failover approve 1", by="U0RAJ")


def test_a_second_press_does_not_approve_a_plan_that_was_not_there_yet(play: FailoverPlay):
    play.say("failover pod 7 to east")
    seen = play.card()
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, steps=POD.steps[:1])}))

    play.press("Approve", seen, by="U0RAJ")
    play.press("Approve", seen, by="U0RAJ")

    assert play.run().state is State.PROPOSED
    assert "has changed since you saw it" in play.spy.private()[-1].text
    play.press("Approve", play.card(), by="U0RAJ")
    assert play.run().state is State.APPROVED


def test_a_plan_that_changed_between_approval_and_beginning_does_not_begin(play: FailoverPlay):
    play.begun()
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, steps=POD.steps[:1])}))

    assert play.start() is None
    assert play.run().state is State.PROPOSED


def test_a_plan_that_is_gone_is_withdrawn(play: FailoverPlay):
    play.say("failover pod 7 to east")
    play.spy.adopt(replace(PLANS, plans={}))

    assert "was withdrawn: the plan is not in config.yaml any more" in play.say(
        "failover approve 1", by="U0RAJ"
    )


def test_values_that_a_changed_plan_does_not_take_any_more_withdraw_it(play: FailoverPlay):
    play.say("failover pod 7 to east")
    other = replace(POD, params={**POD.params, "location": Param(choices=("north", "south"))})
    play.spy.adopt(replace(PLANS, plans={"pod": other}))

    said = play.say("failover approve 1", by="U0RAJ")

    why = "the plan in config.yaml takes other values now"
    assert f"was withdrawn: {why}. Nothing was moved." in said
    assert f"It was withdrawn: {why}. Nothing was moved." in play.card().text.splitlines()


def test_the_trail_says_who_withdrew_it(play: FailoverPlay):
    play.say("failover pod 7 to east")
    play.say("failover abort 1", by="U0RAJ")

    assert play.say("failover trail 1").splitlines()[-1] == "• 12:00:00 withdrawn by Raj Patel"


# --- while it runs ----------------------------------------------------------------------------------------


def test_one_message_shows_it_live(play: FailoverPlay):
    play.begun().goes(OK, OK, OK)
    step_run = play.start()
    assert step_run
    play.spy.clock.tick(seconds=7)
    with play.spy.tx() as tx:
        FailoverActions(tx).show_output(1, step_run.attempt, "moved 5 %\n<!channel> `x`")

    assert read(play.card()) == [
        "*Failover 1 · pod 7 to east* · by Ana Lima",
        "▓▓░░░░░░░░ 3 of 11 · running since 12:00 UTC",
        "Approved by Raj Patel at 12:00 UTC.",
        "✅ *replication* · exit 0",
        "✅ *drain* · 14 s",
        "⏳ *dns* 5… · 100 · running for 7 s",
        "```",
        "moved 5 %",
        "&lt;!channel&gt; \u02cbx\u02cb",
        "```",
        "Lock: `pod-7`. `failover status 1` shows this, `failover trail 1` every step.",
    ]
    assert labels(play.card()) == ["Abort"]
    shown = {it.slot for it in play.spy.asked(UpsertMessage) if it.to == "C0GENERAL"}
    assert shown == {"failover:1"}


def test_at_the_end_it_says_what_moved_how_long_and_what_to_watch(play: FailoverPlay):
    play.begun().to_the_end()

    assert read(play.spy.message_type("failover_word", 1)) == [
        "*Failover 1 · pod 7 to east*: Done in 1 min.",
        "*Watch*: orders arriving in east",
    ]
    assert labels(play.card()) == ["Roll back"]


def test_what_was_rolled_back_is_offered_for_it_no_more(play: FailoverPlay):
    play.begun().to_the_end()
    play.press("Roll back", play.card(), by="U0ANA")
    play.say("failover approve 2", by="U0RAJ")
    play.spy.deliver()

    play.to_the_end(2)

    assert play.run(2).state is State.DONE
    assert labels(play.card()) == []
    assert (
        play.spy.asked(UpsertMessage)[-1].slot == "failover:1"
    )  # its message is edited when the way back has ended


def test_what_is_moved_is_locked_for_deploys_meanwhile(play: FailoverPlay):
    play.begun().goes(OK)
    locked = play.say("locks")
    lock = play.spy.message_type("lock", 1).text
    play.to_the_end()

    assert "pod-7" in locked
    assert lock.startswith("🔒 *Deploy lock: pod-7* (failover 1): pod 7 to east\nLocked since")
    assert "*pod-7 can be deployed again*" in play.spy.message_type("lock", 1).text
    assert {it.to for it in play.spy.asked(UpsertMessage) if it.message_type == "lock"} == {"C0INCIDENTS"}


def test_a_lock_that_somebody_has_set_stays_theirs(play: FailoverPlay):
    play.say('lock pod-7 "no deploys on Fridays"')

    play.begun().to_the_end()

    assert "no deploys on Fridays" in play.say("locks")


def test_what_runs_keeps_its_lock_unless_somebody_insists(play: FailoverPlay):
    play.begun().goes(OK)

    assert "the lock ends with it" in play.say("unlock pod-7", by="U0RAJ")
    play.say("unlock pod-7 anyway", by="U0RAJ")

    assert play.to_the_end().run().state is State.DONE


def test_a_red_check_rolls_back_by_itself_and_says_so(play: FailoverPlay):
    play.begun().goes(OK, OK, OK, OK, RED)
    rolling = play.word()

    play.to_the_end()

    assert rolling == "*Failover 1 · pod 7 to east* is rolling back. dns 5: HTTP 503."
    assert "Rolled back" in play.word()
    assert "↩️ *drain* · undone" in play.card().text


def test_an_abort_stops_what_runs_and_takes_it_back(play: FailoverPlay):
    play.begun().goes(OK)
    step_run = play.start()
    assert step_run

    play.press("Abort", play.card(), by="U0LEE")
    assert "1 of 11 · *being stopped*: Lee Wong aborted it" in play.card().text
    with play.spy.tx() as tx:
        assert FailoverActions(tx).is_to_stop(1)
    play.ends(step_run, RED)
    play.to_the_end()

    assert play.run().state is State.ROLLED_BACK
    assert "Lee Wong aborted it at 12:00 UTC" in in_utc("\n".join(read(play.card())))


def test_behind_the_point_of_no_return_there_is_no_abort_and_a_red_check_asks(play: FailoverPlay):
    play.begun("failover db").goes(OK, OK)
    assert labels(play.card()) == []
    assert "past its point of no return (promote)" in play.say("failover abort 1")

    play.goes(OK, RED)

    assert "Spy does not roll back by itself" in play.question().text
    assert labels(play.question()) == ["Check again", "Continue anyway", "Leave it as it is"]


def test_a_point_of_no_return_without_an_undo_is_left_behind_only_on_a_persons_word(play: FailoverPlay):
    play.begun("failover db").goes(RED)

    [back] = [
        it
        for kind in play.question().parts
        if isinstance(kind, Buttons)
        for it in kind.buttons
        if it.label == "Roll back"
    ]

    assert back.confirm == "Undo the rest? promote has no undo: do this only if it did not happen."


# --- questions --------------------------------------------------------------------------------------------


def test_a_person_is_asked_by_name_and_answers_by_a_button(play: FailoverPlay):
    play.begun("failover ask")
    play.start()
    asked = play.question()

    play.press("Yes", asked, by="U0RAJ")

    assert "<@U0ANA> <@U0RAJ>" in asked.text
    assert "*All well?*" in asked.text
    assert "Raj Patel answered" in play.question().text
    assert labels(play.question()) == []
    assert play.run().state is State.DONE


def test_the_last_answer_is_told_how_it_ended(play: FailoverPlay):
    play.begun("failover ask").start()
    done = play.say("failover answer 1 yes", by="U0RAJ")
    play.say("failover ask")
    play.say("failover approve 2", by="U0RAJ")
    play.start(2)

    failed = play.say("failover answer 2 no", by="U0RAJ")

    assert done == "Thank you. Failover 1 · ask: Done."
    assert failed == "Thank you. Failover 2 · ask: It ended before anything moved."


def test_what_nobody_knows_of_is_asked_and_what_stands_is_said(play: FailoverPlay):
    play.begun().goes(OK, OK, OK, UNKNOWN)

    assert read(play.question())[1:] == [
        (
            "Did *dns 5* happen? Spy does not know: the connection broke. "
            'The command was `POST http://dns {"percent": 5}`. Spy does not repeat it without your answer.'
        ),
        "Still moved: drain, dns.",
    ]
    assert labels(play.question()) == ["Check again", "It happened", "It did not: repeat it", "Roll back"]


def test_a_check_that_spy_itself_can_not_do_is_asked_about_as_such(play: FailoverPlay):
    play.begun().start()
    with play.spy.tx() as tx:
        FailoverActions(tx).crashed(1, "a fault")

    assert "*replication* could not be checked: a fault." in play.question().text
    assert labels(play.question()) == ["Check again", "Continue anyway", "Leave it as it is"]


def test_an_undo_that_fails_asks_and_is_left_as_it_stands_on_a_persons_word(play: FailoverPlay):
    play.begun().goes(OK, OK, RED, RED)
    assert "Undoing *drain* failed: HTTP 503. The command was `./undrain 7`." in play.question().text

    said = play.say("failover answer 1 leave", by="U0RAJ")

    assert said == "Failover 1 · pod 7 to east is left as it is: drain."
    assert "It was left as it is. drain: HTTP 503." in play.word()
    assert "*Still moved*: drain." in play.word()


def test_an_answer_that_is_none_is_met_with_those_there_are(play: FailoverPlay):
    play.begun("failover ask")
    play.start()

    assert "Answers: yes, no." in play.say("failover answer 1 maybe", by="U0RAJ")
    assert "for the role operator" in play.say("failover answer 1 yes", by="U0KIM")


def test_a_button_answers_its_own_question_and_not_the_next_one(play: FailoverPlay):
    looks = tuple(replace(ASKS.steps[0], name=name) for name in ("one", "two"))
    play.spy.adopt(replace(PLANS, plans={"ask": replace(ASKS, steps=looks)}))
    play.begun("failover ask").start()
    first = play.question()

    play.press("Yes", first, by="U0RAJ")
    play.press("Yes", first, by="U0LEE")

    assert play.run().state is State.RUNNING
    assert "has a new question" in play.spy.private()[-1].text
    play.press("Yes", play.question(mark=":2.1"), by="U0LEE")
    assert play.run().state is State.DONE


def test_a_question_that_nobody_answers_is_asked_again_in_a_message_of_its_own(play: FailoverPlay):
    play.begun("failover ask")
    play.start()

    play.spy.pass_time(minutes=6)

    assert "still waits for an answer" in play.question(mark=":1.2").text
    marks = [it.mark for it in play.spy.asked(UpsertMessage) if it.message_type == "failover_question"]
    assert marks == [":1.1", ":1.2"]


# --- taking back what ended well --------------------------------------------------------------------------


def test_what_ended_well_is_taken_back_with_the_same_eyes_on_it(play: FailoverPlay):
    play.begun().to_the_end()

    said = play.say("failover rollback")
    play.say("failover approve 2", by="U0RAJ")
    play.to_the_end(2)

    assert said.startswith("Failover 2 · pod 7 to east, back is proposed.")
    assert [step.name for step in play.run(2).plan.steps] == ["undo dns", "undo drain"]
    assert play.word(2).startswith("*Failover 2 · pod 7 to east, back*: Rolled back")
    assert "can no longer be undone" in play.say("failover rollback 1")


# --- incidents --------------------------------------------------------------------------------------------


def test_in_an_incident_it_stands_in_the_channel_and_on_the_timeline(play: FailoverPlay):
    play.spy.say('incident me "pod 7 is slow" sev1')
    play.spy.create_channel(1, channel="C0ROOM")

    play.begun(channel="C0ROOM").to_the_end()

    assert {it.to for it in play.spy.asked(UpsertMessage) if it.message_type == "failover"} == {
        IncidentChannel(1)
    }
    kinds = [it.kind for it in play.spy.timeline(1) if it.kind.startswith("failover")]
    assert kinds[:3] == ["failover_proposed", "failover_approved", "failover_began"]
    assert kinds[-1] == "failover_ended"
    told = play.say("incident timeline", channel="C0ROOM")
    assert "failover 1 (pod 7 to east): done" in told
    assert "failover_action_started" in kinds
    assert "run `./drain 7`" not in told


def test_who_comes_late_reads_that_something_is_being_moved(play: FailoverPlay):
    play.spy.say('incident me "pod 7 is slow" sev1')
    play.spy.create_channel(1, channel="C0ROOM")

    play.begun(channel="C0ROOM").goes(OK)

    assert "*Failover 1* pod 7 to east: running" in play.say("incident tldr", channel="C0ROOM")
    assert "*Failover 1* pod 7 to east: running" in play.spy.message_type("card", 1).text


def test_what_belongs_to_a_private_incident_is_not_seen_from_outside(play: FailoverPlay):
    play.spy.say('incident me "secret" sev3 private')
    play.spy.create_channel(1, channel="C0ROOM")
    play.spy.notice(Joined(id="joined", channel="C0ROOM", person="U0RAJ"))
    play.begun(channel="C0ROOM").goes(OK)

    assert "There is no failover 1 that you can see." in play.say("failover status 1", by="U0LEE")
    assert "Another failover has the lock pod-7." in play.say("failover pod 7 to west", by="U0LEE")
    assert "pod 7 to east" not in play.spy.message_type("lock", 1).text


def test_what_was_moved_for_a_private_incident_is_neither_listed_nor_taken_back_from_outside(
    play: FailoverPlay,
):
    play.spy.say('incident me "secret" sev3 private')
    play.spy.create_channel(1, channel="C0ROOM")
    play.spy.notice(Joined(id="joined", channel="C0ROOM", person="U0RAJ"))
    play.begun(channel="C0ROOM").to_the_end()

    assert "pod 7 to east" not in play.say("failover", by="U0LEE")
    assert "There is no failover 1 that you can see." in play.say("failover rollback 1", by="U0LEE")
    assert "Last run" in play.say("failover", by="U0RAJ")


def test_what_an_incident_has_moved_is_taken_back_in_its_channel(play: FailoverPlay):
    play.spy.say('incident me "secret" sev3 private')
    play.spy.create_channel(1, channel="C0ROOM")
    play.begun(channel="C0ROOM").to_the_end()

    play.say("failover rollback 1", channel="C0GENERAL")

    assert {it.to for it in play.spy.asked(UpsertMessage) if it.message_type == "failover"} == {
        IncidentChannel(1)
    }


def test_in_a_drill_every_message_says_so(play: FailoverPlay):
    play.spy.say('incident me "exercise" sev3 drill')
    play.spy.create_channel(1, channel="C0ROOM")

    play.begun(channel="C0ROOM").to_the_end()

    assert play.card().text.startswith("*DRILL · Failover 1")
    assert play.word().startswith("*DRILL · Failover 1")


# --- the trail --------------------------------------------------------------------------------------------


def test_the_trail_tells_who_did_what_with_which_arguments_and_how_it_ended(play: FailoverPlay):
    play.begun().goes(OK, OK, OK, OK, RED).to_the_end()

    audit_log = play.say("failover trail 1").splitlines()

    assert audit_log[1:6] == [
        "• 12:00:00 Ana Lima proposed it",
        "• 12:00:00 Raj Patel approved it",
        "• 12:00:00 it began",
        "• 12:00:00 replication, check `GET http://look/east`",
        "• 12:00:07 replication, check ok (exit 0), 7 s",
    ]
    assert "• 12:00:35 dns 5, check *red* (HTTP 503), 7 s" in audit_log
    assert audit_log[-1] == "• 12:00:49 rolled back, dns 5: HTTP 503"


def test_a_long_trail_leaves_moves_out_and_says_so_and_never_who_approved(play: FailoverPlay):
    stages = replace(POD.steps[1], stages=tuple(range(5, 100, 5)))
    play.spy.adopt(replace(PLANS, plans={"pod": replace(POD, steps=(POD.steps[0], stages))}))
    play.begun().to_the_end()

    audit_log = play.say("failover trail 1").splitlines()

    assert audit_log[1].startswith("128 earlier lines are left out.")
    assert audit_log[2:5] == [
        "• 12:00:00 Ana Lima proposed it",
        "• 12:00:00 Raj Patel approved it",
        "• 12:00:00 it began",
    ]
    assert "drain, run `./drain 7`" not in "\n".join(audit_log)
    assert "drain, run `./drain 7`" in play.say("failover trail 1 drain")
    assert play.say("failover trail 1 nothing").endswith("Nothing has happened to nothing yet.")


def test_what_the_programs_printed_is_kept_and_shown_by_step(play: FailoverPlay):
    play.begun().goes(OK, Outcome(end=End.OK, says="exit 0", output="draining <7>\n", dropped=12))

    said = play.say("failover output 1")

    assert "12:00:14 UTC *drain*, run: exit 0 (12 bytes before this are not kept)" in in_utc(said)
    assert "```\ndraining &lt;7&gt;\n```" in said
    assert "draining" in play.say("failover output 1 drain")
    assert play.say('failover output 1 "dns 5"').endswith("Nothing was printed by dns 5 yet.")


def test_what_is_not_shown_of_a_long_output_is_said(play: FailoverPlay):
    play.begun().goes(OK, Outcome(end=End.OK, says="exit 0", output="line\n" * 1000))

    assert "*drain*, run: exit 0 (the end of 5000 characters)" in play.say("failover output 1")


def test_asked_where_it_stands_the_answer_is_not_said_twice(play: FailoverPlay):
    answer = play.spy.say("failover pod 7 to east", source=Source.PLAIN)

    assert answer.message is None
    assert play.spy.posts("C0GENERAL") == []


def test_a_no_shows_as_red_on_the_card(play: FailoverPlay):
    play.begun("failover ask")
    play.start()

    play.say("failover answer 1 no", by="U0RAJ")

    assert "🔴 *look* · <@U0RAJ>: no" in play.card().text
