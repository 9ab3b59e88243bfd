"""Plays a failover through the services. The sample decides what the outside answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.request import Response
from bot.config.values import INSTALLED
from bot.domain.failover.plan import Check, End, HttpCall, Outcome, Param, Plan, Program, Question, Step
from bot.domain.failover.run import Failover
from bot.domain.message import Message
from bot.domain.policy import Policy
from bot.ports import Profile
from bot.services.failover.actions import FailoverActions, StepRun
from bot.services.people import People
from bot.testing import POLICY, FrozenClock, SpyKit

LOOK = HttpCall(url="http://look/{{ location }}")
OK, RED = Outcome(end=End.OK, says="exit 0"), Outcome(end=End.RED, says="HTTP 503")
UNKNOWN = Outcome(end=End.UNKNOWN, says="the connection broke")

POD = Plan(
    name="pod",
    usage="pod <pod> to <location>",
    params={"pod": Param(pattern="[0-9]{1,3}"), "location": Param(choices=("east", "west"))},
    lock="pod-{{ pod }}",
    blast_radius="checkout of pod {{ pod }}",
    watch="orders arriving in {{ location }}",
    before=(Check(name="replication", by=LOOK),),
    steps=(
        Step(
            name="drain",
            run=Program(args=("./drain", "{{ pod }}")),
            verify=Check(name="drain", by=LOOK),
            undo=Program(args=("./undrain", "{{ pod }}")),
            dry_run=Program(args=("./drain", "--dry", "{{ pod }}")),
        ),
        Step(
            name="dns",
            run=HttpCall(url="http://dns", method="POST", json={"percent": "{{ stage }}"}),
            verify=Check(name="dns", by=HttpCall(url="http://dns/{{ stage }}")),
            undo=HttpCall(url="http://dns/back", method="POST"),
            stages=(5, 100),
            soak=timedelta(seconds=60),
        ),
    ),
)
ASKS = replace(
    POD,
    name="ask",
    usage="ask",
    params={},
    lock="",
    before=(),
    steps=(Step(name="look", run=Question(person="All well?")),),
)
NO_RETURN = replace(
    POD,
    name="db",
    usage="db",
    params={},
    lock="db",
    before=(),
    steps=(
        replace(POD.steps[0], name="promote", point_of_no_return=True, undo=None),
        replace(POD.steps[0], name="serve"),
    ),
)
PEOPLE = {
    "U0ANA": "Ana Lima",
    "U0RAJ": "Raj Patel",
    "U0KIM": "Kim Park",
    "U0LEE": "Lee Wong",
    "U0ZOE": "Zoe Guest",
}
PLANS: Policy = replace(
    POLICY,
    plans={plan.name: plan for plan in (POD, ASKS, NO_RETURN)},
    permissions={"operator": frozenset({"U0ANA", "U0RAJ", "U0LEE", "U0ZOE"})},
)


@dataclass
class FailoverPlay:
    """Spy with three plans. Ana, Raj and Lee may run failovers, Kim may not."""

    spy: SpyKit

    @classmethod
    def begin(cls, policy: Policy = PLANS) -> "FailoverPlay":
        clock = FrozenClock()
        templates = JinjaTemplates([INSTALLED / "templates"], clock=clock)
        spy = SpyKit(INSTALLED / "plugins", templates=templates, clock=clock, policy=policy)
        with spy.tx() as tx:
            for person, name in PEOPLE.items():
                People(tx).met(person, Profile(name=name, is_guest=person == "U0ZOE"))
        return cls(spy)

    def say(self, words: str, *, by: str = "U0ANA", channel: str = "C0GENERAL") -> str:
        return text(self.spy.say(words, by=by, channel=channel))

    def press(self, label: str, of: Message, *, by: str = "U0RAJ") -> None:
        self.spy.press(label, of, by=by)

    def begun(self, words: str = "failover pod 7 to east", *, channel: str = "C0GENERAL") -> "FailoverPlay":
        """Propose as Ana, and approve as Raj."""
        self.say(words, channel=channel)
        self.say("failover approve 1", by="U0RAJ", channel=channel)
        return self

    def start(self, number: int = 1) -> StepRun | None:
        with self.spy.tx() as tx:
            return FailoverActions(tx).next(number)

    def goes(self, *outcomes: Outcome, number: int = 1) -> "FailoverPlay":
        """End the next actions with these outcomes, seven seconds each."""
        for outcome in outcomes:
            step_run = self.start(number)
            if step_run is None:
                raise LookupError(f"nothing to do: {self.run(number)}")
            self.spy.clock.tick(seconds=7)
            self.ends(step_run, outcome)
        return self

    def ends(self, step_run: StepRun, outcome: Outcome) -> None:
        with self.spy.tx() as tx:
            FailoverActions(tx).finished(step_run.run.number, step_run.attempt, outcome)

    def to_the_end(self, number: int = 1) -> "FailoverPlay":
        while (step_run := self.start(number)) is not None:
            self.spy.clock.tick(seconds=7)
            self.ends(step_run, OK)
        return self

    def run(self, number: int = 1) -> Failover:
        with self.spy.tx() as tx:
            found = tx.session.failovers.get(number)
        if found is None:
            raise LookupError(f"no failover {number}")
        return found

    def card(self, number: int = 1) -> Message:
        return self.spy.message_type("failover", number)

    def question(self, number: int = 1, mark: str = ":1.1") -> Message:
        return self.spy.message_type("failover_question", number, mark)

    def word(self, number: int = 1) -> str:
        return self.spy.message_type("failover_word", number).text

    def audit_log(self, number: int = 1) -> Sequence[str]:
        with self.spy.tx() as tx:
            return [it.kind for it in tx.session.failovers.audit_log(number)]


def text(answer: Response) -> str:
    return answer.message.text if answer.message else ""
