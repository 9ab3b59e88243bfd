"""How each form of a line is parsed."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.console.script import ScriptLine, read
from bot.sandbox.console.script_actions import (
    AlertAction,
    CancelAction,
    EditAction,
    ExpectAction,
    ExpectNotAction,
    FillAction,
    HelpAction,
    JoinAction,
    JumpAction,
    OnCallAction,
    PhoneAction,
    PlayAction,
    PressAction,
    QuitAction,
    ReactAction,
    ReplyAction,
    SayAction,
    SendTrafficAction,
    SetHealthAction,
    SetLagAction,
    ShortcutAction,
    ShowPhoneAction,
    ShowTrafficAction,
    SlashAction,
    SubmitAction,
    UnclearAction,
    UnreactAction,
    WaitAction,
)

PEOPLE = ("ana", "raj", "kim", "zoe")
SCRIPTS = Path(__file__).parents[1] / "e2e"
INCIDENT = SlashAction(command="/incident", text='me "checkout is down" sev1')

TABLE = {
    "": ScriptLine(),
    "   ": ScriptLine(),
    "#": ScriptLine(),
    "# the first five minutes": ScriptLine(),
    "+15m": ScriptLine(action=WaitAction(span=timedelta(minutes=15))),
    "+2h10m": ScriptLine(action=WaitAction(span=timedelta(hours=2, minutes=10))),
    "raj phone> +90s": ScriptLine(person="raj", place="phone", action=WaitAction(span=timedelta(seconds=90))),
    "+1": ScriptLine(action=SayAction(text="+1")),
    "+1 to that": ScriptLine(action=SayAction(text="+1 to that")),
    'shortcut "Declare from this"': ScriptLine(action=ShortcutAction(name="Declare from this")),
    'shortcut "Declare from this" "it is slow"': ScriptLine(
        action=ShortcutAction(name="Declare from this", words="it is slow")
    ),
    "jump +3h": ScriptLine(action=JumpAction(span=timedelta(hours=3))),
    "jump to 23:00": ScriptLine(action=JumpAction(to="23:00")),
    "jump to wed 18:00": ScriptLine(action=JumpAction(to="18:00", day="wed")),
    "on call imoc: raj": ScriptLine(action=OnCallAction(policy="imoc", people=("raj",))),
    "on call imoc: raj, then ana": ScriptLine(action=OnCallAction(policy="imoc", people=("raj", "ana"))),
    "alert imoc: the queue is full": ScriptLine(
        action=AlertAction(service="imoc", title="the queue is full")
    ),
    "alert fatigue": ScriptLine(action=SayAction(text="alert fatigue")),
    "on call again": ScriptLine(action=SayAction(text="on call again")),
    "jump to conclusions": ScriptLine(action=SayAction(text="jump to conclusions")),
    "play x60": ScriptLine(action=PlayAction(rate=60)),
    "play \u00d760": ScriptLine(action=PlayAction(rate=60)),
    "play x1": ScriptLine(action=PlayAction(rate=1)),
    "play chess": ScriptLine(action=SayAction(text="play chess")),
    "hello all": ScriptLine(action=SayAction(text="hello all")),
    "@spy tldr": ScriptLine(action=SayAction(text="@spy tldr")),
    "spy tldr": ScriptLine(action=SayAction(text="spy tldr")),
    '/incident me "checkout is down" sev1': ScriptLine(action=INCIDENT),
    "/oncall": ScriptLine(action=SlashAction(command="/oncall", text="")),
    'ana #general> /incident me "checkout is down" sev1': ScriptLine(
        person="ana", place="#general", action=INCIDENT
    ),
    "raj #inc-1*> on it": ScriptLine(person="raj", place="#inc-1*", action=SayAction(text="on it")),
    "raj #payments>": ScriptLine(person="raj", place="#payments"),
    "raj> on it": ScriptLine(person="raj", action=SayAction(text="on it")),
    "ana @spy> help": ScriptLine(person="ana", place="@spy", action=SayAction(text="help")),
    "dm> tldr": ScriptLine(place="@spy", action=SayAction(text="tldr")),
    "kim dm> tldr": ScriptLine(person="kim", place="@spy", action=SayAction(text="tldr")),
    "kim dm>": ScriptLine(person="kim", place="@spy"),
    "dm": ScriptLine(place="@spy"),
    "in dm": ScriptLine(place="@spy"),
    "kim dm> ?": ScriptLine(person="kim", place="@spy", action=SayAction(text="?")),
    "a->b": ScriptLine(action=SayAction(text="a->b")),
    "say: bob> hello": ScriptLine(action=SayAction(text="bob> hello")),
    "latency > 2 s": ScriptLine(action=SayAction(text="latency > 2 s")),
    "@raj": ScriptLine(person="raj"),
    "as raj": ScriptLine(person="raj"),
    "#payments": ScriptLine(place="#payments"),
    "in #payments": ScriptLine(place="#payments"),
    "in a minute": ScriptLine(action=SayAction(text="in a minute")),
    "@spy": ScriptLine(place="@spy"),
    "phone raj": ScriptLine(person="raj", place="phone", action=ShowPhoneAction()),
    "raj phone>": ScriptLine(person="raj", place="phone", action=ShowPhoneAction()),
    "raj phone> ack": ScriptLine(person="raj", place="phone", action=PhoneAction(verb="acknowledge")),
    'raj phone> ack "checkout"': ScriptLine(
        person="raj", place="phone", action=PhoneAction(verb="acknowledge", words="checkout")
    ),
    "raj phone> resolve #3": ScriptLine(
        person="raj", place="phone", action=PhoneAction(verb="resolve", which="3")
    ),
    "reply: thanks": ScriptLine(action=ReplyAction(text="thanks")),
    "say: press on": ScriptLine(action=SayAction(text="press on")),
    'press "Take command"': ScriptLine(action=PressAction(label="Take command")),
    "press “Take command”": ScriptLine(action=PressAction(label="Take command")),
    "press tldr": ScriptLine(action=PressAction(label="tldr")),
    "react memo": ScriptLine(action=ReactAction(name="memo")),
    'react :memo: "rolled back"': ScriptLine(action=ReactAction(name="memo", words="rolled back")),
    "unreact memo": ScriptLine(action=UnreactAction(name="memo")),
    'edit "rolled \\"forward\\""': ScriptLine(action=EditAction(text='rolled "forward"')),
    "join #inc-1-checkout": ScriptLine(action=JoinAction(channel="#inc-1-checkout")),
    'fill message="All calm" next=15m "How bad"=': ScriptLine(
        action=FillAction(values={"message": "All calm", "next": "15m", "How bad": ""})
    ),
    "site west failing": ScriptLine(action=SetHealthAction(site="west", health="failing")),
    "raj phone> site east no response": ScriptLine(
        person="raj", place="phone", action=SetHealthAction(site="east", health="no response")
    ),
    "traffic to west": ScriptLine(action=SendTrafficAction(site="west")),
    "site west lag 30s": ScriptLine(action=SetLagAction(site="west", seconds=30)),
    "site is down": ScriptLine(action=SayAction(text="site is down")),
    "traffic": ScriptLine(action=ShowTrafficAction()),
    "traffic is odd": ScriptLine(action=SayAction(text="traffic is odd")),
    "submit": ScriptLine(action=SubmitAction()),
    "cancel": ScriptLine(action=CancelAction()),
    "help": ScriptLine(action=HelpAction()),
    "?": ScriptLine(action=HelpAction()),
    "quit": ScriptLine(action=QuitAction()),
    'expect "calm"': ScriptLine(action=ExpectAction(words="calm")),
    'expect "calm" in #inc-1* within 2s': ScriptLine(
        action=ExpectAction(words="calm", channel="#inc-1*", patience=timedelta(seconds=2))
    ),
    'expect "calm" within 500 ms to raj': ScriptLine(
        action=ExpectAction(words="calm", person="raj", patience=timedelta(milliseconds=500))
    ),
    'expect "rings" on raj\'s phone within 1m': ScriptLine(
        action=ExpectAction(words="rings", phone="raj", patience=timedelta(minutes=1))
    ),
    'expect "west 5 %" on the switch within 10s': ScriptLine(
        action=ExpectAction(words="west 5 %", switch="switch", patience=timedelta(seconds=10))
    ),
    'expect not "calm" in #general': ScriptLine(action=ExpectNotAction(words="calm", channel="#general")),
}


@pytest.mark.parametrize("typed", TABLE)
def test_a_line_means_one_thing(typed: str):
    assert read(typed, people=PEOPLE) == TABLE[typed]


@pytest.mark.parametrize(
    "typed",
    [
        "expect calm",
        'expect "calm" soon',
        "@bob",
        "phone bob",
        "join us at five",
        "react with care to this",
        "edit the configuration",
        "fill in the form",
        "press",
        "reply:",
        "site west is failing",
        "site north failing",
        "traffic to north",
        "bob> hello",
        "bob #general> hello",
        "kim general> hello",
        "kim dms> tldr",
        "dm kim> tldr",
        "phone raj> ack",
        "as",
        "phone",
        "+15 minutes",
        "+ 2h",
        "+99999d",
        "jump 3h",
        "jump to 25:00",
        "jump to wednesday 10:00",
        "play 60",
        "play x0",
        "play x99999",
        "on call: raj",
        "on call imoc: raj, ana",
        "on call imoc raj",
        "\x1b[A",
        "tldr\x00",
        "spy tldr \udcff",
    ],
)
def test_a_line_that_is_almost_a_command_is_not_sent_as_a_message(typed: str):
    action = read(typed, people=PEOPLE).action

    assert isinstance(action, UnclearAction)
    assert action.sentence.endswith((".", "say:", "also."))


def test_a_prompt_of_an_unknown_person_names_the_known_ones():
    action = read("bob> hello", people=PEOPLE).action

    assert action == UnclearAction(
        sentence="Nobody here is called bob. There are: ana, raj, kim, zoe. "
        "To send these words as a message, put `say:` before them."
    )


def test_a_prompt_of_an_unknown_place_shows_the_known_ones():
    action = read("kim genral> hello", people=PEOPLE).action

    assert isinstance(action, UnclearAction)
    assert "kim #general> text, kim dm> text or kim phone> ack." in action.sentence


def test_on_a_phone_a_bare_word_is_for_the_phone():
    assert read("ack", people=PEOPLE, place="phone") == ScriptLine(action=PhoneAction(verb="acknowledge"))
    assert isinstance(read("hello", people=PEOPLE, place="phone").action, UnclearAction)
    assert read("#general", people=PEOPLE, place="phone") == ScriptLine(place="#general")


def test_away_from_a_phone_its_words_are_sent_as_a_message():
    assert read("ack", people=PEOPLE) == ScriptLine(action=SayAction(text="ack"))


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.txt")), ids=lambda script: script.stem)
def test_every_line_of_a_script_is_understood(script: Path):
    lines = [read(line, people=PEOPLE) for line in script.read_text(encoding="utf-8").splitlines()]

    assert [line for line in lines if isinstance(line.action, UnclearAction)] == []
