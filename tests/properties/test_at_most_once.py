"""Whatever happens to a failover, nothing of it is done twice unasked, and the way back is the way there, reversed."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.event import Event
from bot.domain.failover import decisions, questions
from bot.domain.failover.decisions import APPROVAL_LAPSES
from bot.domain.failover.plan import Check, End, HttpCall, Outcome, Plan, Program, Question, Step
from bot.domain.failover.questions import failover_agenda
from bot.domain.failover.run import Failover
from bot.domain.failover.state import ONCE_ONLY, UNDER_WAY, Action, ActionKind, Answer, State
from bot.domain.refusal import Refusal
from tests.failover.test_failover import NOON

CHECK = Check(name="check", by=HttpCall(url="http://look"))
UNDO = Program(args=("undo",))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans as the configuration lets them through: an undo everywhere before the point of no return."""
    count = draw(st.integers(1, 4))
    no_return = draw(st.none() | st.integers(0, count - 1))
    steps = []
    for at in range(count):
        is_last_way_back = at == no_return
        asks = draw(st.booleans()) and not is_last_way_back
        has_undo = not asks and (no_return is None or at < no_return or draw(st.booleans()))
        steps.append(
            Step(
                name=f"step{at}",
                run=Question(person="Well?") if asks else Program(args=("run",)),
                verify=None if asks else draw(st.none() | st.just(CHECK)),
                undo=UNDO if has_undo else None,
                stages=() if asks else draw(st.sampled_from([(), (5, 100)])),
                soak=timedelta(seconds=draw(st.sampled_from([0, 1]))) if not asks else timedelta(),
                point_of_no_return=is_last_way_back,
            )
        )
    before = draw(st.sampled_from([(), (CHECK,)]))
    return Plan(name="pod", usage="pod", lock="pod", before=before, steps=tuple(steps))


class AnyFailover(RuleBasedStateMachine):
    """Moves, outcomes, deaths, late words, aborts and answers in whatever order they come."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.allowed: dict[Action, int] = {}
        """How often each thing that moves may begin: once, and once more each time a person says so."""
        self.begun: dict[Action, int] = {}
        self.undos: list[int] = []
        self.lost: list[int] = []

    @initialize(plan=plans())
    def begin(self, plan: Plan) -> None:
        self.run = Failover(
            number=1,
            plan=plan,
            what="pod",
            place="C0",
            proposed_by="U0ANA",
            proposed_at=NOON,
            lapses_at=NOON + APPROVAL_LAPSES,
        )
        self.keep(decisions.approve(self.run, by="U0RAJ", at=self.now))
        self.keep(decisions.begin(self.run, at=self.now))

    def keep(self, event: Event) -> None:
        self.run = self.run.after(event)
        while following := decisions.consequence(self.run, at=self.now):
            self.run = self.run.after(following)

    @precondition(lambda self: self.run.next_action() is not None)
    @rule()
    def start(self) -> None:
        action = self.run.next_action()
        assert action
        if action.kind in ONCE_ONLY:
            self.begun[action] = self.begun.get(action, 0) + 1
        if action.kind is ActionKind.UNDO and action.at not in self.undos:
            self.undos.append(action.at)
        if action.kind is ActionKind.RUN:
            assert not self.run.called_back, "nothing is begun once somebody aborted it"
        self.keep(decisions.start(self.run, action, at=self.now, does=""))

    @precondition(lambda self: self.run.next_action() is not None)
    @rule(actions=st.integers(1, 8))
    def go_well(self, actions: int) -> None:
        for _ in range(actions):
            if self.run.next_action():
                self.start()
                self.finish(End.OK)

    @precondition(lambda self: self.run.attempt is not None)
    @rule(end=st.sampled_from([End.OK, End.OK, End.OK, End.RED, End.UNKNOWN]))
    def finish(self, end: End) -> None:
        event = decisions.finish(self.run, self.run.attempts, Outcome(end=end, says="so"), at=self.now)
        assert event
        self.keep(event)

    @precondition(lambda self: self.run.attempt is not None)
    @rule()
    def die(self) -> None:
        self.lost.append(self.run.attempts)
        self.keep(decisions.resumed(self.run, at=self.now))

    @precondition(lambda self: self.lost)
    @rule(end=st.sampled_from(End))
    def tell_late(self, end: End) -> None:
        if event := decisions.finish(self.run, self.lost.pop(), Outcome(end=end, says="late"), at=self.now):
            self.keep(event)

    @precondition(lambda self: self.run.question is not None)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        asked = self.run.question
        assert asked
        answer = data.draw(st.sampled_from(sorted(asked.answers)))
        if answer is Answer.DID_NOT:
            self.allowed[asked.action] = self.allowed.get(asked.action, 1) + 1
        self.keep(questions.answer(self.run, answer, by="U0RAJ", at=self.now))

    @rule()
    def abort(self) -> None:
        try:
            event = decisions.abort(self.run, by="U0KIM", at=self.now)
        except Refusal:
            return
        self.keep(event)

    # --- what holds, whatever comes ---

    @invariant()
    def nothing_is_done_twice_unless_a_person_said_so(self) -> None:
        assert all(count <= self.allowed.get(action, 1) for action, count in self.begun.items())

    @invariant()
    def the_way_back_is_the_way_there_reversed(self) -> None:
        assert self.undos == sorted(self.undos, reverse=True)

    @invariant()
    def it_never_stands_still_without_a_reason(self) -> None:
        if self.run.state in UNDER_WAY:
            assert bool(self.run.attempt) + bool(self.run.question) + bool(self.run.next_action()) == 1

    @invariant()
    def what_is_over_asks_nothing_and_does_nothing(self) -> None:
        if self.run.ended_at:
            assert not (self.run.question)
            assert not (self.run.attempt)
            assert not (self.run.next_action())
            assert failover_agenda(self.run) == []

    @invariant()
    def rolled_back_means_that_nothing_stands_but_what_has_no_undo(self) -> None:
        if self.run.state is State.ROLLED_BACK:
            plan = self.run.plan
            assert not [at for at in self.run.began if at not in self.run.undone and plan.steps[at].undo]


AnyFailover.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyFailover = AnyFailover.TestCase
