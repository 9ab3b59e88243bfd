"""Pages on their way to PagerDuty and back: in whose name, and never claiming what was not done."""

from dataclasses import dataclass, replace

import pytest

from bot.domain.effects import Effect, MeetPerson
from bot.domain.incident.effects import Invite
from bot.domain.paging.effects import AnswerPage, EscalatePage, FindResponder, SendPage
from bot.domain.paging.page import Page
from bot.domain.policy import Account
from bot.ports import OutboxItem, PagerNews, Profile, Rejected, Ringing, Unreachable
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import POLICY, FrozenClock, SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager
from tests.support.folders import ROOT
from tests.support.templates import shipped
from tests.support.times import in_utc

RAJ = Profile(name="Raj Patel", email="raj@example.com")
ZOE = Profile(name="Zoe Novak", email="zoe@example.com")


@dataclass
class World:
    """Spy with INC-1, whose page 1 PagerDuty has as Q1."""

    spy: SpyKit
    chat: FakeChat
    pager: FakePager

    def deliver(self, kind: type[AnswerPage | EscalatePage | FindResponder]) -> None:
        """Let the last effect of a kind be done, as the outbox does it once."""
        handler = self.handlers
        item = self.last(kind)
        with self.spy.tx() as tx:
            attempt = handler.attempt(item, tx)
        if attempt is None:
            return
        try:
            outcome = attempt.call()
        except Rejected as rejected:
            with self.spy.tx() as tx:
                handler.on_giving_up(item, tx, str(rejected))
            return
        with self.spy.tx() as tx:
            attempt.on_success(tx, outcome)

    @property
    def handlers(self) -> Handlers:
        return Handlers(Clients(templates=self.spy.templates, chat=self.chat, maybe_pager=self.pager))

    def last(self, kind: type[Effect]) -> OutboxItem:
        """Return the last effect of a kind, as it waits in the outbox."""
        effect = self.spy.asked(kind)[-1]
        return OutboxItem(id=1, effect=effect, attempts=1, uncertain=False, queued_at=self.spy.clock.now())

    @property
    def page(self) -> Page:
        return self.spy.pages(1)[0]

    @property
    def line(self) -> str:
        return self.spy.message_type("page", 1).text


@pytest.fixture
def world() -> World:
    clock = FrozenClock()
    words = shipped(clock)
    spy = SpyKit(ROOT / "plugins", templates=words, clock=clock)
    spy.meet(U0ANA="Ana Lima", U0RAJ="raj", U0ZOE="Zoe Novak")
    spy.say('incident me "checkout is down" sev1')
    spy.create_channel(1)
    world = World(spy=spy, chat=FakeChat(), pager=FakePager())
    world.chat.profiles = {"U0RAJ": RAJ, "U0ZOE": ZOE}
    ringing = world.pager.page_policy(
        key=world.page.key, title="x", details="", service="PSVC1", policy="PPOL1"
    )
    with spy.tx() as tx:
        PagerResults(tx).sent(1, ringing)
    return world


# --- in whose name ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["ack", "resolve"])
def test_an_answer_is_given_in_the_name_of_who_gave_it(world: World, answer: str):
    world.spy.say(f"pager {answer} 1", by="U0RAJ")
    world.deliver(AnswerPage)

    assert world.pager.look("Q0000000000001").who == "Raj Patel"
    assert "in the name of" not in world.line


def test_who_has_no_account_is_told_of_and_owns_nothing_there(world: World):
    world.spy.say("pager ack 1", by="U0ZOE")
    world.deliver(AnswerPage)

    said = "acknowledged by Zoe Novak at 12:00 UTC"
    assert said in in_utc(world.line)
    assert "(PagerDuty shows Spy: it has no account for Zoe Novak)" in world.line
    assert world.page.acknowledged_person == "U0ZOE"


def test_the_webhook_of_it_that_comes_first_does_not_hide_who_did(world: World):
    world.spy.say("pager ack 1", by="U0ZOE")
    answered = world.pager.answer("Q0000000000001", "acknowledged", email=None)
    with world.spy.tx() as tx:
        PagerResults(tx).record(
            PagerNews(id="1", kind="acknowledged", page=replace(answered, in_own_name=False))
        )
        PagerResults(tx).answered(1, "acknowledged", answered, by="U0ZOE")

    assert (world.page.acknowledged_by, world.page.shown_as) == ("Zoe Novak", "Spy")


def test_slack_that_does_not_answer_holds_up_no_acknowledgement(world: World):
    world.chat.fail("profile", Unreachable("Slack did not answer"))
    world.spy.say("pager ack 1", by="U0RAJ")
    world.deliver(AnswerPage)

    assert world.page.acknowledged_by == "raj"
    assert world.page.shown_as == "Spy"


@pytest.mark.parametrize("account", [Account(pager_id="PUKIM"), Account(email="kim@example.com")])
def test_configuration_says_whose_account_is_whose(world: World, account: Account):
    world.spy.adopt(replace(POLICY, people={"U0ZOE": account}))
    world.spy.say("pager ack 1", by="U0ZOE")
    world.deliver(AnswerPage)

    assert world.pager.look("Q0000000000001").who == "Kim Park"
    assert world.page.shown_as is None


@pytest.mark.parametrize("account", [Account(pager_id="PUKIM"), Account(email="kim@example.com")])
def test_a_person_is_paged_by_the_account_that_is_configured(world: World, account: Account):
    world.spy.adopt(replace(POLICY, people={"U0ZOE": account}))
    world.spy.say('page <@U0ZOE> "come"')
    effect = world.last(SendPage)
    with world.spy.tx() as tx:
        attempt = world.handlers.attempt(effect, tx)

    assert attempt
    assert attempt.call().assigned == "Kim Park"


def test_an_answer_that_pagerduty_took_and_did_not_act_on_is_not_claimed(world: World):
    world.spy.say("pager ack 1", by="U0RAJ")
    with world.spy.tx() as tx:
        ringing = Ringing(id="Q1", url="", status="triggered")
        assert not PagerResults(tx).answered(1, "acknowledged", ringing, by="U0RAJ")

    assert "not acknowledged yet" in world.line


# --- who answered, in Slack -------------------------------------------------------------------------------


def acknowledged(world: World, email: str = "raj@example.com") -> None:
    world.pager.become("Q0000000000001", "acknowledged", by=email)
    with world.spy.tx() as tx:
        found = world.pager.look("Q0000000000001")
        PagerResults(tx).record(PagerNews(id="1", kind="acknowledged", page=found))


def test_who_acknowledges_on_the_phone_is_found_by_e_mail_and_invited(world: World):
    acknowledged(world)
    world.deliver(FindResponder)

    assert world.spy.asked(Invite)[-1].people == ("U0RAJ",)
    assert "U0RAJ" in world.spy.incident(1).members


def test_whom_slack_does_not_know_is_not_invited(world: World):
    acknowledged(world, "kim@example.com")
    world.deliver(FindResponder)

    assert [it.people for it in world.spy.asked(Invite)] == [("U0ANA",)]


# --- escalations ------------------------------------------------------------------------------------------


def test_an_escalation_of_what_is_over_is_not_begun(world: World):
    world.spy.pass_time(minutes=6)
    world.spy.say("incident stop fixed", channel="C0INC1")

    world.deliver(EscalatePage)

    assert world.pager.look("Q0000000000001").assigned == "Raj Patel"


def test_a_level_that_pagerduty_refuses_is_told_once(world: World):
    for _ in range(2):
        world.spy.pass_time(minutes=6)
        world.pager.troubles = [Rejected("2001", "Invalid Input Provided")]
        world.deliver(EscalatePage)

    told = [it.data["why"] for it in world.spy.timeline(1) if it.kind == "delivery_failed"]
    assert told == ["Invalid Input Provided"]


# --- what a phone shows -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ask <@U0ZOE> first", "ask @Zoe Novak first"),
        ("ask <@U0ZOE|zoe> first", "ask @Zoe Novak first"),
        ("ask <@U0NEW> now", "ask someone now"),
        ("ask <@W0ABC|kim> now", "ask @kim now"),
        ("look at <#C0NEW> or <#C0NEW|>", "look at a channel or a channel"),
        ("it is in <#C0INC1>", "it is in #inc-1-checkout-is-down"),
        ("see <#C0PAY|payments>", "see #payments"),
        ("ask <!subteam^S0SRE|@sre> first", "ask @sre first"),
        ("since <!date^1795437000^{time}|12:30>", "since 12:30"),
        ("a &lt; b &amp;&amp; c 🔥 :fire:", "a < b && c 🔥 :fire:"),
        ("<https://x.example.com/a?b=1&amp;c=2|the graph> is red", "the graph"),
    ],
)
def test_a_phone_shows_names_and_what_was_typed(world: World, typed: str, read: str):
    world.spy.say(f'page :payments "{typed}"')

    effect = world.last(SendPage)
    with world.spy.tx() as tx:
        attempt = world.handlers.attempt(effect, tx)
        assert attempt
        attempt.call()

    words = list(world.pager.words.values())[-1]
    assert read in words.title
    assert read in words.details


@pytest.mark.parametrize("words", ["page :payments ask <@U0NEW> now", 'incident 1 note "<@U0NEW|kim> knows"'])
def test_slack_is_asked_who_is_spoken_of(world: World, words: str):
    world.spy.say(words)

    assert "U0NEW" in [it.person for it in world.spy.asked(MeetPerson)]


def test_a_phone_does_not_show_the_name_of_a_private_channel(world: World):
    world.spy.say('incident me "the secret merger" private')
    world.spy.create_channel(2)

    with world.spy.tx() as tx:
        assert People(tx).name("C0INC2") is None
        assert People(tx).name("C0INC1") == "inc-1-checkout-is-down"
