"""The life of a failover: nobody moves anything alone, what is red is taken back, what is unknown is asked about."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.event import Event
from bot.domain.failover import decisions, questions
from bot.domain.failover.decisions import APPROVAL_LAPSES
from bot.domain.failover.plan import Check, End, HttpCall, Outcome, Plan, Program, Question, Step, Workflow
from bot.domain.failover.questions import failover_agenda
from bot.domain.failover.run import Failover
from bot.domain.failover.state import ActionKind, Answer, State, Task
from bot.domain.refusal import Refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OK, RED = Outcome(end=End.OK, says="exit 0"), Outcome(end=End.RED, says="exit 3")
UNKNOWN = Outcome(end=End.UNKNOWN, says="the connection broke")

LOOK = HttpCall(url="http://look")
DRAIN = Step(
    name="drain",
    run=Program(args=("drain",)),
    verify=Check(name="drain", by=LOOK),
    undo=Program(args=("undrain",)),
    dry_run=Program(args=("drain", "--dry")),
)
DNS = Step(name="dns", run=HttpCall(url="http://dns"), undo=Program(args=("dns", "back")), stages=(5, 100))
PROMOTE = Step(
    name="promote",
    run=Program(args=("promote",)),
    verify=Check(name="promote", by=LOOK),
    point_of_no_return=True,
)
SERVE = Step(name="serve", run=Program(args=("serve",)), verify=Check(name="serve", by=LOOK))
PERSON = Step(name="look", run=Question(person="All well?"))
LAG = Check(name="lag", by=LOOK)


class Play:
    """A run that is moved on by what the story says of each move."""

    def __init__(
        self, *steps: Step, task: Task = Task.MOVE, before: tuple[Check, ...] = (), approvals: int = 1
    ) -> None:
        self.plan = Plan(name="pod", usage="pod", lock="pod", before=before, steps=steps, approvals=approvals)
        self.now = NOON
        self.events: list[Event] = []
        self.run = Failover(
            number=12,
            plan=self.plan,
            what="pod",
            task=task,
            place="C0GENERAL",
            proposed_by="U0ANA",
            proposed_at=NOON,
            lapses_at=NOON + APPROVAL_LAPSES,
        )

    def keep(self, event: Event | None) -> None:
        assert event
        self.events.append(event)
        self.run = self.run.after(event)
        while following := decisions.consequence(self.run, at=self.now):
            self.events.append(following)
            self.run = self.run.after(following)

    def begun(self) -> "Play":
        if self.run.task is Task.MOVE:
            self.keep(decisions.approve(self.run, by="U0RAJ", at=self.now))
        self.keep(decisions.begin(self.run, at=self.now))
        return self

    def start(self) -> int:
        action = self.run.next_action()
        assert action, f"nothing to do: {self.run.state}, {self.run.question}"
        self.keep(decisions.start(self.run, action, at=self.now, does=""))
        return self.run.attempts

    def goes(self, *outcomes: Outcome) -> "Play":
        for outcome in outcomes:
            attempt = self.start()
            self.keep(decisions.finish(self.run, attempt, outcome, at=self.now))
        return self

    def to_the_end(self) -> "Play":
        while self.run.next_action():
            self.goes(OK)
        return self

    def dies(self) -> "Play":
        self.keep(decisions.resumed(self.run, at=self.now))
        return self

    def answers(self, answer: Answer) -> "Play":
        self.keep(questions.answer(self.run, answer, by="U0RAJ", at=self.now))
        return self

    def aborts(self) -> "Play":
        self.keep(decisions.abort(self.run, by="U0KIM", at=self.now))
        return self

    @property
    def did(self) -> list[str]:
        """Return all that was begun, in words."""
        started = [it for it in self.events if it.kind() == "failover_action_started"]
        return [f"{it.action} {it.name}" for it in started]  # type: ignore[attr-defined]

    @property
    def may_answer(self) -> set[Answer]:
        assert self.run.question
        return set(self.run.question.answers)


# --- all goes well ----------------------------------------------------------------------------------------


def test_a_run_goes_through_its_checks_and_steps_in_order_and_is_done():
    play = Play(DRAIN, DNS, before=(LAG,)).begun().to_the_end()

    assert play.did == ["check lag", "run drain", "verify drain", "run dns 5", "run dns 100"]
    assert play.run.state is State.DONE
    assert play.run.stands == ("drain", "dns")


def test_between_stages_it_soaks_and_checks_again():
    careful = replace(DNS, verify=Check(name="dns", by=LOOK), soak=MINUTE)

    play = Play(careful).begun().to_the_end()

    assert play.did == [
        f"{kind} dns {stage}" for stage in (5, 100) for kind in ("run", "verify", "soak", "again")
    ]


def test_a_person_is_asked_and_yes_goes_on():
    play = Play(PERSON, DRAIN).begun()

    assert play.may_answer == {Answer.YES, Answer.NO}
    assert play.answers(Answer.YES).to_the_end().run.state is State.DONE


def test_a_rehearsal_does_its_checks_and_dry_runs_only():
    play = Play(DRAIN, DNS, before=(LAG,), task=Task.REHEARSAL)
    play.run = replace(play.run, state=State.APPROVED)

    play.begun().to_the_end()

    assert play.did == ["check lag", "run drain"]
    assert play.run.instruction(play.run.results[1].action) == DRAIN.dry_run
    assert play.run.state is State.DONE
    assert play.run.stands == ()


# --- approval ---------------------------------------------------------------------------------------------


def test_who_proposes_does_not_approve():
    with pytest.raises(Refusal, match="You proposed Failover 12 yourself"):
        decisions.approve(Play(DRAIN).run, by="U0ANA", at=NOON)


def test_one_person_approves_once():
    play = Play(DRAIN, approvals=2)
    play.keep(decisions.approve(play.run, by="U0RAJ", at=NOON))

    with pytest.raises(Refusal, match="It needs 1 more from other people"):
        decisions.approve(play.run, by="U0RAJ", at=NOON)

    play.keep(decisions.approve(play.run, by="U0KIM", at=NOON))
    assert play.run.state is State.APPROVED


def test_what_was_shown_may_be_approved_for_ten_minutes():
    play = Play(DRAIN)
    assert decisions.approve(play.run, by="U0RAJ", at=NOON + 10 * MINUTE - timedelta(seconds=1))

    with pytest.raises(Refusal, match="expired at 12:10 UTC") as refused:
        decisions.approve(play.run, by="U0RAJ", at=NOON + 10 * MINUTE)

    assert refused.value.choices[0].say == "failover pod"


def test_a_proposal_lapses_by_itself_and_a_lapsed_one_is_not_approved():
    play = Play(DRAIN)
    [timer] = failover_agenda(play.run)
    play.keep(decisions.lapse(play.run, at=timer.due_at))

    assert timer.due_at == NOON + 10 * MINUTE
    assert play.run.state is State.LAPSED
    with pytest.raises(Refusal, match="expired"):
        decisions.approve(play.run, by="U0RAJ", at=NOON)


def test_an_approval_that_nobody_acted_on_for_ten_minutes_has_lapsed_too():
    play = Play(DRAIN)
    play.keep(decisions.approve(play.run, by="U0RAJ", at=NOON + 9 * MINUTE))

    play.keep(decisions.begin(play.run, at=NOON + 19 * MINUTE))

    assert play.run.state is State.LAPSED


def test_a_plan_that_was_changed_must_be_approved_anew():
    play = Play(DRAIN)
    play.keep(decisions.approve(play.run, by="U0RAJ", at=NOON))
    changed = replace(play.plan, steps=(DRAIN, DNS))

    event = decisions.changed(play.run, changed, at=NOON + MINUTE)
    play.keep(event)

    assert decisions.changed(play.run, play.plan, at=NOON) is None
    assert (play.run.state, play.run.needed) == (State.PROPOSED, 1)
    assert play.run.lapses_at == NOON + 11 * MINUTE


def test_what_is_over_needs_no_approval():
    with pytest.raises(Refusal, match="it is done"):
        decisions.approve(Play(DRAIN).begun().to_the_end().run, by="U0KIM", at=NOON)


# --- red ---------------------------------------------------------------------------------------------------


def test_a_red_check_before_anything_moved_ends_it():
    play = Play(DRAIN, before=(LAG,)).begun().goes(RED)

    assert play.run.state is State.FAILED
    assert play.run.why == "lag: exit 3"


def test_a_red_check_takes_back_what_was_done_in_reverse():
    last = replace(SERVE, undo=Program(args=("unserve",)))

    play = Play(DRAIN, DNS, last).begun().goes(OK, OK, OK, OK, OK, RED).to_the_end()

    assert play.did[-3:] == ["undo serve", "undo dns", "undo drain"]
    assert play.run.state is State.ROLLED_BACK
    assert play.run.why == "serve: exit 3"
    assert play.run.stands == ()


def test_a_step_that_failed_is_undone_too_since_it_may_have_half_happened():
    play = Play(DRAIN, DNS).begun().goes(OK, OK, OK, RED).to_the_end()

    assert play.did[-2:] == ["undo dns", "undo drain"]


def test_a_persons_no_takes_back_what_was_done():
    play = Play(DRAIN, PERSON).begun().goes(OK, OK).answers(Answer.NO).to_the_end()

    assert play.did[-1] == "undo drain"
    assert play.run.state is State.ROLLED_BACK


def test_an_undo_that_fails_stops_and_asks_and_says_what_stands():
    play = Play(DRAIN, DNS).begun().goes(OK, OK, OK, RED, OK, RED)

    assert play.run.question
    assert play.run.question.why == "exit 3"
    assert play.run.stands == ("drain",)
    assert play.may_answer == {Answer.HAPPENED, Answer.DID_NOT, Answer.LEAVE}
    assert play.run.next_action() is None


def test_an_undo_that_failed_is_done_again_only_when_a_person_says_so():
    play = Play(DRAIN).begun().goes(RED, RED)

    play.answers(Answer.DID_NOT).goes(OK)

    assert play.did == ["run drain", "undo drain", "undo drain"]
    assert play.run.state is State.ROLLED_BACK


def test_what_a_person_undid_by_hand_is_not_undone_again():
    play = Play(DRAIN, DNS).begun().goes(OK, OK, RED, RED).answers(Answer.HAPPENED).to_the_end()

    assert play.did[-2:] == ["undo dns", "undo drain"]
    assert play.run.state is State.ROLLED_BACK


def test_it_is_left_as_it_stands_when_a_person_says_so():
    play = Play(DRAIN, DNS).begun().goes(OK, OK, RED, RED).answers(Answer.LEAVE)

    assert play.run.state is State.LEFT
    assert play.run.stands == ("drain", "dns")


def test_a_failed_rehearsal_ends_with_nothing_to_take_back():
    play = Play(DRAIN, task=Task.REHEARSAL)
    play.run = replace(play.run, state=State.APPROVED)

    play.begun().goes(RED)

    assert play.run.state is State.FAILED
    assert play.did == ["run drain"]


def test_a_rehearsal_of_which_something_is_not_known_ends_too_since_nothing_moved():
    silent = Play(DRAIN, task=Task.REHEARSAL).begun().goes(UNKNOWN)
    killed = Play(DRAIN, task=Task.REHEARSAL).begun()
    killed.start()
    killed.dies()

    assert (silent.run.state, silent.run.why) == (State.FAILED, "drain: the connection broke")
    assert (killed.run.state, killed.run.question) == (State.FAILED, None)


# --- the point of no return -------------------------------------------------------------------------------


def test_behind_the_point_of_no_return_a_red_check_asks():
    play = Play(DRAIN, PROMOTE, SERVE).begun().goes(OK, OK, OK, OK, OK, RED)

    assert play.may_answer == {Answer.CHECK, Answer.HAPPENED, Answer.LEAVE}
    assert play.answers(Answer.CHECK).goes(OK).run.state is State.DONE
    assert play.did[-2:] == ["verify serve", "verify serve"]


def test_a_point_of_no_return_that_failed_asks_and_a_person_may_still_go_back():
    play = Play(DRAIN, PROMOTE).begun().goes(OK, OK, RED)
    assert play.may_answer == {Answer.CHECK, Answer.HAPPENED, Answer.DID_NOT, Answer.ROLL_BACK}

    play.answers(Answer.ROLL_BACK).to_the_end()

    assert play.did[-1] == "undo drain"
    assert play.run.state is State.ROLLED_BACK


def test_a_step_behind_the_point_of_no_return_is_never_rolled_back():
    play = Play(DRAIN, PROMOTE, SERVE).begun().goes(OK, OK, OK, OK, RED)

    assert Answer.ROLL_BACK not in play.may_answer
    assert play.answers(Answer.LEAVE).run.stands == ("drain", "promote", "serve")


def test_a_point_of_no_return_that_a_person_says_was_passed_is_never_rolled_back():
    by_hand = replace(PERSON, name="promote", point_of_no_return=True)
    play = Play(DRAIN, by_hand, SERVE).begun().goes(OK, OK).answers(Answer.YES)
    with pytest.raises(Refusal, match="past its point of no return"):
        play.aborts()

    play.goes(OK, RED)

    assert play.may_answer == {Answer.CHECK, Answer.HAPPENED, Answer.LEAVE}
    assert play.run.stands == ("drain", "promote", "serve")


def test_a_point_of_no_return_to_which_a_person_says_no_was_not_passed():
    by_hand = replace(PERSON, name="promote", point_of_no_return=True)

    play = Play(DRAIN, by_hand, SERVE).begun().goes(OK, OK).answers(Answer.NO).to_the_end()

    assert play.did[-1] == "undo drain"
    assert play.run.state is State.ROLLED_BACK


# --- nobody knows -----------------------------------------------------------------------------------------


def test_what_nobody_knows_of_is_asked_about_and_not_repeated():
    play = Play(DRAIN, DNS).begun().goes(UNKNOWN)

    assert play.may_answer == {Answer.CHECK, Answer.HAPPENED, Answer.DID_NOT, Answer.ROLL_BACK}
    assert play.run.next_action() is None


@pytest.mark.parametrize(
    ("answer", "follows"),
    [
        (Answer.HAPPENED, "verify drain"),
        (Answer.DID_NOT, "run drain"),
        (Answer.ROLL_BACK, "undo drain"),
        (Answer.CHECK, "look drain"),
    ],
)
def test_each_answer_goes_its_way(answer: Answer, follows: str):
    play = Play(DRAIN).begun().goes(UNKNOWN).answers(answer)

    play.start()

    assert play.did[-1] == follows


def test_a_look_that_is_green_goes_on_and_one_that_is_red_asks_again():
    green = Play(DRAIN).begun().goes(UNKNOWN).answers(Answer.CHECK).goes(OK)
    red = Play(DRAIN).begun().goes(UNKNOWN).answers(Answer.CHECK).goes(RED)

    assert green.goes(OK).did == ["run drain", "look drain", "verify drain"]
    assert red.run.question
    assert (red.run.question.end, red.run.question.attempt) == (End.UNKNOWN, 1)


def test_without_a_check_there_is_nothing_to_look_at_except_a_workflow():
    plain = Play(DNS).begun().goes(UNKNOWN)
    workflow = Play(replace(DNS, run=Workflow(repository="a/b", file="x.yml"))).begun().goes(UNKNOWN)

    assert Answer.CHECK not in plain.may_answer
    assert Answer.CHECK in workflow.may_answer


def test_a_process_that_dies_in_a_move_leaves_a_question():
    play = Play(DRAIN).begun()
    play.start()

    play.dies()

    assert play.run.question
    assert "nobody knows whether it happened" in play.run.question.why
    assert play.did == ["run drain"]


def test_a_process_that_dies_in_a_check_or_a_soak_leaves_nothing_to_ask():
    play = Play(DRAIN, before=(LAG,)).begun()
    play.start()

    play.dies().to_the_end()

    assert play.did == ["check lag", "check lag", "run drain", "verify drain"]


def test_a_process_that_dies_in_an_undo_leaves_a_question():
    play = Play(DRAIN).begun().goes(RED)
    play.start()

    play.dies()

    assert play.may_answer == {Answer.HAPPENED, Answer.DID_NOT, Answer.LEAVE}


def test_a_process_that_was_thought_to_be_gone_may_still_tell():
    play = Play(DRAIN).begun()
    attempt = play.start()
    play.dies()

    play.keep(decisions.finish(play.run, attempt, OK, at=NOON))

    assert play.run.question is None
    assert play.to_the_end().did == ["run drain", "verify drain"]


def test_a_word_that_comes_too_late_changes_nothing():
    play = Play(DRAIN).begun()
    attempt = play.start()
    play.dies().answers(Answer.HAPPENED)

    assert decisions.finish(play.run, attempt, RED, at=NOON) is None


def test_what_can_not_even_be_begun_is_asked_about():
    play = Play(DRAIN, DNS).begun().goes(OK, OK)

    play.keep(decisions.crash(play.run, "a fault", at=NOON))

    assert play.run.question
    assert (play.run.question.why, play.did[-1]) == ("a fault", "verify drain")
    assert play.answers(Answer.ROLL_BACK).to_the_end().run.state is State.ROLLED_BACK


def test_a_question_is_asked_again_every_five_minutes_five_times_in_all():
    play = Play(PERSON).begun()
    due = []
    while timers := failover_agenda(play.run):
        due.append(timers[0].due_at - NOON)
        play.keep(questions.ask_again(play.run, at=timers[0].due_at))

    assert due == [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 20 * MINUTE]


# --- abort -------------------------------------------------------------------------------------------------


def test_a_proposal_is_withdrawn_and_so_is_what_was_approved():
    proposed, approved = Play(DRAIN), Play(DRAIN)
    approved.keep(decisions.approve(approved.run, by="U0RAJ", at=NOON))

    assert proposed.aborts().run.state is State.WITHDRAWN
    assert approved.aborts().run.state is State.WITHDRAWN


def test_before_anything_moved_an_abort_ends_it():
    play = Play(DRAIN, before=(LAG,)).begun()
    attempt = play.start()
    play.aborts()

    play.keep(decisions.finish(play.run, attempt, OK, at=NOON))

    assert play.run.state is State.FAILED


@pytest.mark.parametrize("outcome", [OK, RED, UNKNOWN])
def test_an_abort_waits_for_what_runs_to_end_and_takes_it_back_however_it_ended(outcome: Outcome):
    play = Play(DRAIN, DNS).begun().goes(OK, OK)
    attempt = play.start()
    play.aborts()
    assert play.run.is_called_back

    play.keep(decisions.finish(play.run, attempt, outcome, at=NOON))
    play.to_the_end()

    assert play.did[-2:] == ["undo dns", "undo drain"]
    assert play.run.state is State.ROLLED_BACK


def test_an_abort_asks_before_it_takes_back_a_workflow_that_may_still_be_under_way():
    play = Play(DRAIN, replace(DNS, run=Workflow(repository="a/b", file="x.yml"))).begun().goes(OK, OK)
    attempt = play.start()
    play.aborts()

    play.keep(decisions.finish(play.run, attempt, UNKNOWN, at=NOON))
    assert play.run.question
    play.answers(Answer.HAPPENED).to_the_end()

    assert play.did[-2:] == ["undo dns", "undo drain"]
    assert play.run.state is State.ROLLED_BACK


def test_an_abort_answers_a_question():
    play = Play(DRAIN).begun().goes(UNKNOWN).aborts().to_the_end()

    assert play.did == ["run drain", "undo drain"]


def test_an_abort_is_refused_twice_while_rolling_back_behind_the_point_of_no_return_and_at_the_end():
    called_back = Play(DRAIN).begun()
    called_back.start()
    called_back.aborts()
    cases = [
        (called_back, "aborted already"),
        (Play(DRAIN).begun().goes(RED), "rolled back already"),
        (Play(DRAIN, PROMOTE, SERVE).begun().goes(OK, OK, OK), "past its point of no return"),
        (Play(DRAIN).begun().to_the_end(), "It is over|is over: done"),
    ]

    for play, words in cases:
        with pytest.raises(Refusal, match=words):
            play.aborts()


def test_the_point_of_no_return_itself_is_not_begun_once_somebody_aborted():
    play = Play(DRAIN, PROMOTE).begun().goes(OK)
    attempt = play.start()
    play.aborts()

    play.keep(decisions.finish(play.run, attempt, OK, at=NOON))

    assert "run promote" not in play.to_the_end().did


# --- taking back what ended well --------------------------------------------------------------------------


def test_what_ended_well_may_be_taken_back_while_its_undo_is_valid():
    done = replace(Play(DRAIN, DNS).begun().to_the_end().run, ended_at=NOON)

    decisions.must_be_undoable(done, last_on_lock=12, at=NOON + timedelta(hours=23))
    for last, at, words in (
        (13, NOON, "Failover 13 has moved pod since"),
        (12, NOON + timedelta(hours=25), "valid until 24 Nov 12:00 UTC"),
    ):
        with pytest.raises(Refusal, match=words):
            decisions.must_be_undoable(done, last_on_lock=last, at=at)


def test_what_went_past_its_point_of_no_return_or_did_not_end_well_is_not_taken_back():
    no_return = Play(DRAIN, PROMOTE).begun().to_the_end().run
    failed = Play(DRAIN).begun().goes(RED).to_the_end().run

    with pytest.raises(Refusal, match=r"past its point of no return \(promote\)"):
        decisions.must_be_undoable(no_return, last_on_lock=12, at=NOON)
    with pytest.raises(Refusal, match="not a finished failover"):
        decisions.must_be_undoable(failed, last_on_lock=12, at=NOON)


def test_a_rollback_has_no_way_back_itself_so_it_asks_where_it_fails():
    back = Play(DRAIN, DNS).begun().to_the_end().run.plan.undoing((0, 1))
    play = Play(*back.steps)
    play.run = replace(play.run, task=Task.ROLLBACK)
    play.keep(decisions.approve(play.run, by="U0RAJ", at=NOON))
    play.keep(decisions.begin(play.run, at=NOON))

    play.goes(RED)

    assert play.may_answer == {Answer.HAPPENED, Answer.DID_NOT, Answer.LEAVE}
    with pytest.raises(Refusal, match="a rollback itself"):
        play.aborts()
    assert play.answers(Answer.DID_NOT).to_the_end().run.state is State.DONE


def test_an_answer_that_was_not_offered_is_refused():
    play = Play(PERSON).begun()

    with pytest.raises(Refusal, match="`failover answer 12 yes`, `failover answer 12 no`"):
        play.answers(Answer.LEAVE)
    with pytest.raises(Refusal, match="has no open question"):
        Play(DRAIN).begun().answers(Answer.YES)


def parts_of(play: Play) -> Iterator[ActionKind]:
    yield from (action.kind for action in play.run.route)


def test_the_route_is_known_from_the_beginning():
    assert list(parts_of(Play(DRAIN, before=(LAG,)))) == [ActionKind.CHECK, ActionKind.RUN, ActionKind.VERIFY]
