"""From an ask to its answer: once, about the right incident, said where it should be said."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from bot.commands.command import command, when
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Fill, Reply
from bot.commands.request import Deleted, Joined, Request, Response, Source
from bot.domain.effects import MeetPerson, OpenForm, Post, PostEphemeral
from bot.domain.incident.effects import CreateChannel
from bot.domain.incident.incident import Incident
from bot.domain.message import Message
from bot.domain.paging.effects import AnswerPage, SendPage
from bot.domain.refusal import Refusal
from bot.services.transaction import Transaction
from bot.testing import POLICY, PlainTemplates, SpyKit

CHANNEL = "C0ROOM"


class Sentences(PlainTemplates):
    """Shows a refusal's sentence and choices, and otherwise as little as PlainTemplates."""

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = str
    ) -> Message:
        if template != "help/refusal":
            return super().render(template, facts, names=names)
        choices = [choice.say for choice in facts["choices"]]
        return Message(text="\n".join((facts["sentence"], *choices)))


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    return SpyKit(*[_module(spy.registry)], templates=Sentences())


def _module(registry: CommandRegistry) -> ModuleType:
    module = ModuleType("known")
    vars(module).update({str(n): it for n, it in enumerate((*registry.commands, *registry.listeners))})
    return module


def said(answer: Response) -> str:
    assert answer.message
    return answer.message.text


# --- once -------------------------------------------------------------------------------------------------


def test_the_same_ask_twice_is_acted_on_once_and_answered_twice(spy: SpyKit):
    first, second = (spy.say("incident me cart sev1", id="trigger-1") for _ in range(2))

    assert first == second
    assert len(spy.asked(CreateChannel)) == len(spy.asked(SendPage)) == 1


def test_the_same_refusal_is_answered_twice(spy: SpyKit):
    first, second = (spy.say("incident me cart sev9", source=Source.MENTION, id="Ev1") for _ in range(2))

    assert first == second == Response()
    assert len(spy.asked(PostEphemeral)) == 1


def test_a_message_is_edited_until_it_is_understood_and_then_done_once(spy: SpyKit):
    for number, text in enumerate(
        ("incident me cart sev9", "incident me cart sev1", "incident me carts sev1")
    ):
        request = Request(
            id=f"Ev{number}",
            text=text,
            user="U0ANA",
            source=Source.PLAIN,
            channel=CHANNEL,
            message=f"{CHANNEL}:1.2",
        )
        spy.request(request)

    assert [it.name for it in (spy.incident(1),)] == ["cart"]
    assert len(spy.asked(CreateChannel)) == 1


def test_a_double_click_shows_the_incident_that_is_open(spy: SpyKit):
    spy.say("incident me cart sev1")
    spy.clock.tick(seconds=59)
    spy.say("incident me CART sev1")
    spy.clock.tick(seconds=2)
    spy.say("incident me cart sev1")

    assert [it.incident for it in spy.asked(CreateChannel)] == [1, 2]


def test_another_name_is_another_incident(spy: SpyKit):
    for name, by in (("cart", "U0ANA"), ("cart", "U0RAJ"), ("search", "U0ANA")):
        spy.say(f"incident me {name}", by=by)

    assert len(spy.asked(CreateChannel)) == 2


def test_a_notice_is_taken_once(opened: SpyKit):
    for _ in range(2):
        opened.notice(Joined(id="Ev9", channel=CHANNEL, person="U0KIM"))

    assert [it.kind for it in opened.timeline(1)].count("person_joined") == 1


def test_a_notice_that_nobody_listens_for_is_let_be(opened: SpyKit):
    opened.notice(Deleted(id="Ev9", channel=CHANNEL, ts="1.0"))

    assert len(opened.timeline(1)) == 3


# --- about which incident ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["incident tldr", "tldr", "incident 1 tldr", "inc-1 tldr", "tldr 1", "INC-1", "incident #1", "summary"]
)  # fmt: skip
def test_the_channel_or_a_number_says_which_incident(opened: SpyKit, text: str):
    assert said(opened.say(text, channel=CHANNEL)).startswith("incident/tldr")


@pytest.mark.parametrize("text", ["incident 1 tldr", "inc-1 tldr", "tldr 1", "incident 1", "#1 tldr"])
def test_elsewhere_a_number_is_enough(opened: SpyKit, text: str):
    assert said(opened.say(text)).startswith("incident/tldr")


def test_elsewhere_without_a_number_the_open_ones_are_offered(spy: SpyKit):
    spy.say("incident me cart", by="U0ANA")
    spy.say("incident me search", by="U0ANA")

    picker = said(spy.say('incident note "look"'))

    assert picker.splitlines()[1:] == ['incident 2 note "look"', 'incident 1 note "look"']


def test_a_choice_of_the_picker_can_be_pressed(spy: SpyKit):
    spy.say("incident me cart")

    spy.say('incident 1 note "look"', source=Source.BUTTON)

    assert spy.timeline(1)[-1].text == "look"


def test_a_private_incident_is_as_good_as_absent_to_others(spy: SpyKit):
    spy.say("incident me payroll private", by="U0ANA")

    for text in ("incident 1 tldr", "tldr 1", "incident 1 note x"):
        assert said(spy.say(text, by="U0ZOE")) == (
            "There is no INC-1 that you can see. `incident list` shows what is open."
        )
    assert "No incident is open" in said(spy.say("tldr", by="U0ZOE"))


def test_what_is_no_number_is_no_incident(spy: SpyKit):
    assert said(spy.say("tldr checkout")).startswith("checkout is not an incident number.")


# --- what was meant ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("incdent me cart", "I don't know `incdent me`. Did you mean `incident me`?\nincident me cart"),
        ("pag :imoc hi", "I don't know `pag`. Did you mean `page`?\npage :imoc hi"),
        ("page :fire: hi", ":fire: is an emoji, not a team. A team is written with one colon: :fire."),
        (
            "page :paymnts hi",
            "There is no team :paymnts. Did you mean :payments? Teams: :imoc, :payments.\npage :payments hi",
        ),
        ("page @nobody hi", "I don't know @nobody. Type @ and choose the person from Slack's list."),
        ("page", 'I understood `page`, but not the rest. Usage: `page (:team|@person) "message"`'),
        ("frobnicate", "I don't know `frobnicate`. `help` shows what I can do.\nhelp"),
        ("", 'What can I do? `help` shows it; `incident me "what is wrong"` opens an incident.\nhelp'),
    ],
)
def test_a_near_miss_gets_a_sentence_that_helps(spy: SpyKit, text: str, answer: str):
    assert said(spy.say(text)) == answer


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("incident stp", "incident stop"),
        ('incident start "db down" sev1', 'incident start me "db down" sev1'),
        ("incident start db down sev1", "incident start me db down sev1"),
        ('updtae "db is back"', 'incident update "db is back"'),
        ("stauts mitigated", "status mitigated"),
        ("incident 7 stp", "inc-7 incident stop"),
    ],
)
def test_what_was_nearly_said_is_offered_with_all_its_words(spy: SpyKit, text: str, say: str):
    assert said(spy.say(text)).splitlines()[-1] == say


@pytest.mark.parametrize("text", ["incident private", "incident absorb 2", "incident frobnicate"])
def test_what_resembles_no_command_is_not_taken_for_one(spy: SpyKit, text: str):
    assert said(spy.say(text)) == f"I don't know `{text}`. `help` shows what I can do.\nhelp"


@pytest.mark.parametrize("text", ['page :imoc "  "', 'note " "', 'cause "  "', 'tell :payments " "'])
def test_blank_words_are_no_words(opened: SpyKit, text: str):
    before = len(opened.timeline(1))

    opened.say(text, channel=CHANNEL)

    assert len(opened.timeline(1)) == before
    assert len(opened.asked(SendPage)) == 1


def test_incident_may_stand_before_what_needs_no_such_word(opened: SpyKit):
    opened.say("incident page :payments please look", channel=CHANNEL)

    assert [page.team for page in opened.pages(1)] == ["imoc", "payments"]
    assert said(opened.say("incident help", channel=CHANNEL)) == said(opened.say("help", channel=CHANNEL))
    assert said(opened.say("incident oncall", channel=CHANNEL)) == said(opened.say("oncall", channel=CHANNEL))


def test_a_wrong_word_is_offered_right_with_all_that_was_typed(spy: SpyKit):
    answer = said(spy.say("incident me cart is down sev9 drill")).splitlines()

    assert answer[0] == "There is no severity sev9. Did you mean sev3? Severities: sev1, sev2, sev3."
    assert answer[1] == "incident me cart is down sev1 drill"
    assert not spy.asked(CreateChannel)


def test_a_severity_may_be_told_by_its_number(spy: SpyKit):
    spy.say('incident me "cart" 2')

    assert (spy.incident(1).name, spy.incident(1).severity) == ("cart", "sev2")


def test_ten_thousand_characters_are_kept_whole(spy: SpyKit):
    name = "cart " * 2_000

    spy.say(f"incident me {name}")

    assert len(spy.incident(1).name) <= 120
    assert spy.timeline(1)[-1].text == name.strip()


def test_a_refusal_changes_nothing(opened: SpyKit):
    before = opened.timeline(1)

    opened.say("incident sev sev9", channel=CHANNEL)

    assert opened.timeline(1) == before


# --- said where ---------------------------------------------------------------------------------------------


def test_a_slash_command_is_answered_in_the_acknowledgement(opened: SpyKit):
    tldr, timeline = opened.say("tldr", channel=CHANNEL), opened.say("timeline", channel=CHANNEL)

    assert (tldr.shared, timeline.shared) == (False, True)
    assert not opened.asked(Post)


@pytest.mark.parametrize("source", [Source.MENTION, Source.PLAIN, Source.DM])
def test_a_visible_way_is_answered_where_it_was_said(opened: SpyKit, source: Source):
    assert opened.say("incident list", source=source, thread="1.0") == Response()

    assert [(it.to, it.thread) for it in opened.asked(Post)] == [("C0GENERAL", "1.0")]


@pytest.mark.parametrize("text", ["update all is well", "page :imoc come", "sev sev2", "tell :payments look"])
def test_a_visible_way_does_not_echo_what_the_channel_hears_anyway(opened: SpyKit, text: str):
    opened.say(text, channel=CHANNEL, source=Source.PLAIN)

    assert not opened.asked(Post)


def test_a_refusal_of_a_visible_way_is_whispered(opened: SpyKit):
    opened.say("incident sev sev9", channel=CHANNEL, source=Source.MENTION, thread="1.0")

    ephemeral = opened.asked(PostEphemeral)[0]
    assert (ephemeral.to, ephemeral.person, ephemeral.thread) == (CHANNEL, "U0ANA", "1.0")


@pytest.mark.parametrize(
    "text", ["incident list", "incident 1 tldr", "incident 1 timeline", "incident 1 share tldr"]
)
@pytest.mark.parametrize("source", [Source.MENTION, Source.PLAIN, Source.SLASH])
def test_a_private_incident_is_told_of_to_its_members_alone(spy: SpyKit, text: str, source: Source):
    spy.say("incident me payroll private")

    answer = spy.say(text, source=source)

    assert not answer.shared
    assert not spy.asked(Post)


def test_a_button_is_answered_to_who_pressed_it(opened: SpyKit):
    opened.say("incident 1 tldr", source=Source.BUTTON, by="U0KIM")

    assert [(it.to, it.person) for it in opened.asked(PostEphemeral)] == [("C0GENERAL", "U0KIM")]


# --- forms ------------------------------------------------------------------------------------------------


def test_a_command_without_its_text_opens_a_form(spy: SpyKit):
    spy.say("incident me", trigger="t1")

    form = spy.asked(OpenForm)[0]
    assert (form.form, form.command, form.trigger) == ("incident/declare", "incident me", "t1")


def test_where_no_form_can_open_the_words_are_told(spy: SpyKit):
    assert said(spy.say("incident me", source=Source.TERMINAL)).startswith("help/form")


def test_a_form_fills_the_slots(spy: SpyKit):
    given = {"name": "cart", "severity": "sev2", "private": "", "drill": "yes"}

    spy.say("incident me", source=Source.FORM, given=given)

    incident = spy.incident(1)
    assert (incident.name, incident.severity, incident.private, incident.drill) == (
        "cart",
        "sev2",
        False,
        True,
    )


def test_a_form_says_beside_the_field_what_is_wrong_with_it(spy: SpyKit):
    answer = spy.say("incident me", source=Source.FORM, given={"name": "cart", "severity": "sev9"})

    assert answer.complaints["severity"].startswith("There is no severity sev9.")


# --- who may ----------------------------------------------------------------------------------------------


@command("wipe", allow="operator")
def wipe() -> Reply:
    """Wipe."""
    return Reply("wiped")


@command("lead", allow="commander")
def lead(incident: Incident) -> Reply:
    """Lead."""
    return Reply("led", {"incident": incident})


@command("shape <size>")
def shape(request: Request, size: str, *, tx: Transaction) -> Reply | Fill | None:
    """Shape."""
    if size == "wrong":
        raise Refusal("No such size.", slot="size")
    tx.send(AnswerPage(key=request.id, page=1, answer="x", by=request.user))
    return None


@when(Joined)
def greet(notice: Joined, *, tx: Transaction) -> None:
    """Greet."""
    tx.send(AnswerPage(key=notice.id, page=2, answer="x", by=notice.person))


@pytest.fixture
def strict() -> SpyKit:
    module = ModuleType("strict")
    vars(module).update(wipe=wipe, lead=lead, shape=shape, greet=greet)
    operators = {"operator": frozenset({"U0RAJ"}), "admin": frozenset({"U0ANA"})}
    return SpyKit(module, policy=replace(POLICY, permissions=operators), templates=Sentences())


def test_a_command_is_for_those_who_have_its_role(strict: SpyKit):
    assert said(strict.say("wipe", by="U0RAJ")).startswith("wiped")
    assert said(strict.say("wipe", by="U0ANA")).startswith("wiped")
    assert said(strict.say("wipe", by="U0ZOE")).startswith(
        "`wipe` is for the role operator: ask <@U0ANA>, <@U0RAJ>."
    )


def test_who_is_refused_is_met_all_the_same(strict: SpyKit):
    strict.confirms = False
    strict.say("wipe", by="U0ZOE")

    assert [it.person for it in strict.asked(MeetPerson)] == ["U0ZOE"]


def test_where_nobody_has_a_role_the_cure_is_named(strict: SpyKit):
    nobody = SpyKit(_module(strict.registry), templates=Sentences(), policy=replace(POLICY, permissions={}))

    assert "see `permissions:` in config.yaml" in said(nobody.say("wipe"))


def test_a_commander_may_what_commanders_may(opened: SpyKit, strict: SpyKit):
    both = CommandRegistry(commands=(*opened.registry.commands, *strict.registry.commands))
    spy = SpyKit(_module(both), templates=Sentences())
    spy.say("incident me cart", by="U0KIM")

    assert said(spy.say("inc-1 lead", by="U0KIM")).startswith("led")
    assert "is for the role commander" in said(spy.say("inc-1 lead", by="U0RAJ"))


def test_a_command_may_answer_with_nothing(strict: SpyKit):
    assert strict.say("shape round") == Response()
    assert len(strict.asked(AnswerPage)) == 1


def test_what_a_refused_command_asked_for_is_not_done(strict: SpyKit):
    assert said(strict.say("shape wrong")) == "No such size."
    assert not strict.asked(AnswerPage)


def test_a_listener_gets_its_services(strict: SpyKit):
    strict.notice(Joined(id="Ev1", channel="C0ANY", person="U0KIM"))

    assert [it.by for it in strict.asked(AnswerPage)] == ["U0KIM"]


def test_asking_again_much_later_is_a_new_ask(spy: SpyKit):
    spy.say("incident me cart", id="one")
    spy.clock.tick(minutes=timedelta(days=1).total_seconds())
    spy.say("incident me cart", id="two")

    assert len(spy.asked(CreateChannel)) == 2


def test_the_beginning_of_commands_is_answered_with_their_help(spy: SpyKit):
    answer = spy.say("pager", by="U0ANA")

    assert answer.message
    assert "help/commands" in answer.message.text
