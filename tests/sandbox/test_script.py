"""What each form of a typed line means."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.console.script import (
    Ail,
    Cancel,
    Edit,
    Expect,
    ExpectNot,
    Fill,
    Help,
    Join,
    Jump,
    Lag,
    Line,
    Look,
    OnCall,
    Press,
    Quit,
    React,
    Reply,
    Say,
    Slash,
    Speed,
    Submit,
    Touch,
    Unclear,
    Unreact,
    Wait,
    Watch,
    read,
)

PEOPLE = ("ana", "raj", "kim", "zoe")
SCRIPTS = Path(__file__).parents[1] / "e2e"
INCIDENT = Slash(command="/incident", text='me "checkout is down" sev1')

TABLE = {
    "": Line(),
    "   ": Line(),
    "#": Line(),
    "# the first five minutes": Line(),
    "+15m": Line(action=Wait(span=timedelta(minutes=15))),
    "+2h10m": Line(action=Wait(span=timedelta(hours=2, minutes=10))),
    "raj phone> +90s": Line(person="raj", place="phone", action=Wait(span=timedelta(seconds=90))),
    "+1": Line(action=Say(text="+1")),
    "+1 to that": Line(action=Say(text="+1 to that")),
    "jump +3h": Line(action=Jump(span=timedelta(hours=3))),
    "jump to 23:00": Line(action=Jump(to="23:00")),
    "jump to wed 18:00": Line(action=Jump(to="18:00", day="wed")),
    "on call imoc: raj": Line(action=OnCall(policy="imoc", people=("raj",))),
    "on call imoc: raj, then ana": Line(action=OnCall(policy="imoc", people=("raj", "ana"))),
    "on call again": Line(action=Say(text="on call again")),
    "jump to conclusions": Line(action=Say(text="jump to conclusions")),
    "play x60": Line(action=Speed(rate=60)),
    "play \u00d760": Line(action=Speed(rate=60)),
    "play x1": Line(action=Speed(rate=1)),
    "play chess": Line(action=Say(text="play chess")),
    "hello all": Line(action=Say(text="hello all")),
    "@spy tldr": Line(action=Say(text="@spy tldr")),
    "spy tldr": Line(action=Say(text="spy tldr")),
    '/incident me "checkout is down" sev1': Line(action=INCIDENT),
    "/oncall": Line(action=Slash(command="/oncall", text="")),
    'ana #general> /incident me "checkout is down" sev1': Line(
        person="ana", place="#general", action=INCIDENT
    ),
    "raj #inc-1*> on it": Line(person="raj", place="#inc-1*", action=Say(text="on it")),
    "raj #payments>": Line(person="raj", place="#payments"),
    "raj> on it": Line(person="raj", action=Say(text="on it")),
    "ana @spy> help": Line(person="ana", place="@spy", action=Say(text="help")),
    "dm> tldr": Line(place="@spy", action=Say(text="tldr")),
    "kim dm> tldr": Line(person="kim", place="@spy", action=Say(text="tldr")),
    "kim dm>": Line(person="kim", place="@spy"),
    "dm": Line(place="@spy"),
    "in dm": Line(place="@spy"),
    "kim dm> ?": Line(person="kim", place="@spy", action=Say(text="?")),
    "a->b": Line(action=Say(text="a->b")),
    "say: bob> hello": Line(action=Say(text="bob> hello")),
    "latency > 2 s": Line(action=Say(text="latency > 2 s")),
    "@raj": Line(person="raj"),
    "as raj": Line(person="raj"),
    "#payments": Line(place="#payments"),
    "in #payments": Line(place="#payments"),
    "in a minute": Line(action=Say(text="in a minute")),
    "@spy": Line(place="@spy"),
    "phone raj": Line(person="raj", place="phone", action=Look()),
    "raj phone>": Line(person="raj", place="phone", action=Look()),
    "raj phone> ack": Line(person="raj", place="phone", action=Touch(verb="acknowledge")),
    'raj phone> ack "checkout"': Line(
        person="raj", place="phone", action=Touch(verb="acknowledge", words="checkout")
    ),
    "raj phone> resolve #3": Line(person="raj", place="phone", action=Touch(verb="resolve", which="3")),
    "reply: thanks": Line(action=Reply(text="thanks")),
    "say: press on": Line(action=Say(text="press on")),
    'press "Take command"': Line(action=Press(label="Take command")),
    "press “Take command”": Line(action=Press(label="Take command")),
    "press tldr": Line(action=Press(label="tldr")),
    "react memo": Line(action=React(name="memo")),
    'react :memo: "rolled back"': Line(action=React(name="memo", words="rolled back")),
    "unreact memo": Line(action=Unreact(name="memo")),
    'edit "rolled \\"forward\\""': Line(action=Edit(text='rolled "forward"')),
    "join #inc-1-checkout": Line(action=Join(channel="#inc-1-checkout")),
    'fill message="All calm" next=15m "How bad"=': Line(
        action=Fill(values={"message": "All calm", "next": "15m", "How bad": ""})
    ),
    "site west ill": Line(action=Ail(site="west", mood="ill")),
    "raj phone> site east silent": Line(person="raj", place="phone", action=Ail(site="east", mood="silent")),
    "site west lag 30s": Line(action=Lag(site="west", seconds=30)),
    "site is down": Line(action=Say(text="site is down")),
    "traffic": Line(action=Watch()),
    "traffic is odd": Line(action=Say(text="traffic is odd")),
    "submit": Line(action=Submit()),
    "cancel": Line(action=Cancel()),
    "help": Line(action=Help()),
    "?": Line(action=Help()),
    "quit": Line(action=Quit()),
    'expect "calm"': Line(action=Expect(words="calm")),
    'expect "calm" in #inc-1* within 2s': Line(
        action=Expect(words="calm", channel="#inc-1*", patience=timedelta(seconds=2))
    ),
    'expect "calm" within 500 ms to raj': Line(
        action=Expect(words="calm", person="raj", patience=timedelta(milliseconds=500))
    ),
    'expect "rings" on raj\'s phone within 1m': Line(
        action=Expect(words="rings", phone="raj", patience=timedelta(minutes=1))
    ),
    'expect "west 5 %" on the switch within 10s': Line(
        action=Expect(words="west 5 %", switch="switch", patience=timedelta(seconds=10))
    ),
    'expect not "calm" in #general': Line(action=ExpectNot(words="calm", channel="#general")),
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
        "site west is ill",
        "site north ill",
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
def test_a_line_that_is_almost_a_command_is_not_said_aloud(typed: str):
    action = read(typed, people=PEOPLE).action

    assert isinstance(action, Unclear)
    assert action.sentence.endswith((".", "say:", "also."))


def test_a_prompt_of_nobody_names_who_there_is():
    action = read("bob> hello", people=PEOPLE).action

    assert action == Unclear(
        sentence="Nobody here is called bob. There are: ana, raj, kim, zoe. "
        "To say these words aloud, begin with say:"
    )


def test_a_prompt_of_no_place_shows_which_places_there_are():
    action = read("kim genral> hello", people=PEOPLE).action

    assert isinstance(action, Unclear)
    assert "kim #general> text, kim dm> text or kim phone> ack." in action.sentence


def test_on_a_phone_a_bare_word_is_for_the_phone():
    assert read("ack", people=PEOPLE, place="phone") == Line(action=Touch(verb="acknowledge"))
    assert isinstance(read("hello", people=PEOPLE, place="phone").action, Unclear)
    assert read("#general", people=PEOPLE, place="phone") == Line(place="#general")


def test_away_from_a_phone_its_words_are_said_aloud():
    assert read("ack", people=PEOPLE) == Line(action=Say(text="ack"))


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.txt")), ids=lambda script: script.stem)
def test_every_line_of_a_play_is_understood(script: Path):
    lines = [read(line, people=PEOPLE) for line in script.read_text(encoding="utf-8").splitlines()]

    assert [line for line in lines if isinstance(line.action, Unclear)] == []
