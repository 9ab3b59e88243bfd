"""The language of the terminal chat: each line is one action or expectation of a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.sandbox.console.script_actions import (
    PATIENCE,
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

PHONE, BOT = "phone", "@spy"  # places that are not channels

CURLY = {0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'"}
QUOTED = r'"(?:[^"\\]|\\.)*"'
PROMPT = re.compile(r"(?P<person>[\w.-]+)(?: (?P<place>\S{1,90}))?> ?(?P<rest>.*)", re.DOTALL)
PLACE = re.compile(r"#[\w*-]+|@spy|dm|phone")
PAIR = re.compile(rf"(?P<key>{QUOTED}|(?<![^\s=\"])[^\s=\"]+)=(?P<value>{QUOTED}|\S*)")
EXPECT = re.compile(rf"expect (?P<no>not )?(?P<words>{QUOTED})(?P<tail>.*)")
TAIL = re.compile(
    r"(?<!\s)\s+(?:within (?P<number>\d+(?:\.\d+)?) ?(?P<unit>ms|s|m)"
    r"|in (?P<channel>#[\w*-]+|@spy)|to @?(?P<person>[\w.-]+)|on (?P<owner>[\w.-]+?)(?:'s)? phone"
    r"|on the (?P<switch>switch))"
)
SPAN = re.compile(r"\+(?=\d)(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
JUMP = re.compile(
    rf"jump (?:to (?:(?P<day>{'|'.join(DAYS)}) )?(?P<to>[01]\d:[0-5]\d|2[0-3]:[0-5]\d)|(?P<span>{SPAN.pattern}))"
)
ALERT = re.compile(r"alert (?P<service>[\w-]+): (?P<title>.{1,200})")
ON_CALL = re.compile(r"on call (?P<policy>[\w-]+): (?P<people>[\w.-]+(?:, then [\w.-]+)*)")
PLAY = re.compile(r"play ?[x\u00d7](?P<rate>\d+(?:\.\d+)?)")
FASTEST = 3600
UNITS = "d|days?|h|hrs?|hours?|m|min|mins|minutes?|s|sec|secs|seconds?"
NEARLY = {
    re.compile(rf"\+ ?\d+ ?(?:{UNITS})\b.*"): "+15m, +2h or +1d12h",
    re.compile(r"jump\b.*\d.*"): "jump +3h, jump to 23:00 or jump to wed 23:00",
    re.compile(r"play ?(?:[x\u00d7]\b|[x\u00d7]?\d).*"): f"play x60, at most x{FASTEST}; play x1 ends it",
    re.compile(r"alert [\w-]+:"): "alert imoc: the queue is full",
    re.compile(r"on call(?:.*:.*| [\w-]+ [\w.-]+)"): "on call imoc: raj, then ana",
    re.compile(r"site (?:(?:east|west)\b.*|\w+ (?:healthy|failing|no response|lag)\b.*)"): (
        "site west failing, site west no response, site west healthy or site west lag 30s (or east)"
    ),
    re.compile(r"traffic to\b.*"): "traffic to east (or west)",
    re.compile(r"as|@"): "as raj",
    re.compile(r"phone"): "phone raj",
}
"""Lines that are almost right, and how to write them."""
PROMPTS = "kim #general> text, kim dm> text or kim phone> ack"
AS_MESSAGE = "To send these words as a message, put `say:` before them."
NO_LETTER = {
    "Cc": "This line has a key that is not a letter, such as Escape or an arrow. Nothing was sent. Type it again.",
    "Cs": "This line is not UTF-8 text. Nothing was sent. Save the script as UTF-8.",
}
"""Characters that no message can have, by Unicode category."""
SITE = re.compile(
    r"site (?P<site>east|west) (?:(?P<health>healthy|failing|no response)|lag (?P<lag>\d{1,5}) ?s)"
)
TRAFFIC = re.compile(r"traffic to (?P<site>east|west)")
SHORTCUT = re.compile(rf"(?P<name>{QUOTED})(?: (?P<words>{QUOTED}))?")
REACTION = re.compile(rf"(?P<verb>react|unreact) :?(?P<name>[\w+-]+):?(?: (?P<words>{QUOTED}))?")
PHONE_VERBS = {"ack": "acknowledge"} | {
    verb: verb for verb in ("acknowledge", "resolve", "escalate", "ignore")
}


ScriptAction = (
    SayAction
    | SlashAction
    | ReplyAction
    | PressAction
    | ShortcutAction
    | ReactAction
    | UnreactAction
    | EditAction
    | JoinAction
    | FillAction
    | SubmitAction
    | CancelAction
    | PhoneAction
    | ShowPhoneAction
    | ExpectAction
    | ExpectNotAction
    | WaitAction
    | JumpAction
    | PlayAction
    | AlertAction
    | OnCallAction
    | SetHealthAction
    | SetLagAction
    | SendTrafficAction
    | ShowTrafficAction
    | HelpAction
    | QuitAction
    | UnclearAction
)


@dataclass(frozen=True, kw_only=True)
class ScriptLine:
    """The person and place from now on ("" for no change), and the action, if any.

    `said` is the text behind the prompt.
    """

    person: str = ""
    place: str = ""
    action: ScriptAction | None = None
    said: str = field(default="", compare=False)


def read(text: str, *, people: Collection[str], place: str = "#general") -> ScriptLine:
    """Parse a line typed at `place`; `people` are the known handles."""
    line = text.strip()
    if not line or line == "#" or line.startswith("# "):
        return ScriptLine(said=line)
    if no_letter := next((NO_LETTER[kind] for kind in map(_kind, line) if kind in NO_LETTER), None):
        return ScriptLine(action=UnclearAction(sentence=no_letter), said=line)
    prompt = PROMPT.fullmatch(line)
    if prompt and (person := prompt["person"]) in {*people, "dm"}:
        return _at_prompt(prompt, place)
    if prompt and (prompt["place"] or line.endswith(">") or "> " in line):
        return ScriptLine(action=_nobody(person, people), said=line)
    moved = _move(line, people)
    return moved or ScriptLine(action=_action(line, place), said=line)


def _kind(letter: str) -> str:
    return "" if letter == "\t" else unicodedata.category(letter)


def _at_prompt(prompt: re.Match[str], place: str) -> ScriptLine:
    """Parse `ana #general> text`, the form of a transcript."""
    person, where, rest = prompt["person"], prompt["place"] or "", prompt["rest"].strip()
    if where and (person == "dm" or not PLACE.fullmatch(where)):
        return ScriptLine(action=_usage(PROMPTS), said=prompt.string)
    if person == "dm":
        person, where = "", BOT
    elif where == "dm":
        where = BOT
    elif not where and place == PHONE:
        where = PHONE
    action = _action(rest, where or place) if rest else (ShowPhoneAction() if where == PHONE else None)
    if isinstance(action, HelpAction):  # behind a prompt, help is for the bot
        action = SayAction(text=rest)
    return ScriptLine(person=person, place=where, action=action, said=rest)


def _move(line: str, people: Collection[str]) -> ScriptLine | None:
    """Parse a change of person or place, None for other lines."""
    if re.fullmatch(r"(?:in )?(?:@spy|dm)", line):
        return ScriptLine(place=BOT)
    if match := re.fullmatch(r"(?:in )?(#[\w*-]+)", line):
        return ScriptLine(place=match[1])
    if match := re.fullmatch(r"(?:@|as @?|phone @?)([\w.-]+)", line):
        return _somebody(match[1], people, on_phone=line.startswith("phone "))
    return None


def _somebody(person: str, people: Collection[str], *, on_phone: bool) -> ScriptLine:
    if person not in people:
        return ScriptLine(action=_nobody(person, people))
    return (
        ScriptLine(person=person, place=PHONE, action=ShowPhoneAction())
        if on_phone
        else ScriptLine(person=person)
    )


def _nobody(person: str, people: Collection[str]) -> UnclearAction:
    return UnclearAction(
        sentence=f"Nobody here is called {person}. There are: {', '.join(people)}. {AS_MESSAGE}"
    )


def _action(line: str, place: str) -> ScriptAction:
    first, _, rest = line.partition(" ")
    if line in WORDS:
        return WORDS[line]
    if first == "expect":
        return _expectation(_straight(line))
    if elsewhere := _time(line) or _on_call(line) or _alert(line) or _site(line) or _nearly(line):
        return elsewhere
    return _phone_action(first, rest.strip()) if place == PHONE else _chat_action(line, first, rest.strip())


def _time(line: str) -> ScriptAction | None:
    """Parse `+15m`, `jump +3h`, `jump to 23:00`, `jump to wed 23:00` or `play x60`, None for other lines."""
    if match := JUMP.fullmatch(line):
        at = JumpAction(to=match["to"], day=match["day"] or "") if match["to"] else None
        return at or JumpAction(span=_span(match["span"]))
    if SPAN.fullmatch(line):
        return WaitAction(span=_span(line))
    match = PLAY.fullmatch(line)
    return PlayAction(rate=float(match["rate"])) if match and 1 <= float(match["rate"]) <= FASTEST else None


def _on_call(line: str) -> ScriptAction | None:
    """Parse `on call imoc: raj, then ana`, None for other lines."""
    match = ON_CALL.fullmatch(line)
    return (
        OnCallAction(policy=match["policy"], people=tuple(match["people"].split(", then ")))
        if match
        else None
    )


def _alert(line: str) -> ScriptAction | None:
    """Parse `alert payments: the queue is full`, None for other lines."""
    match = ALERT.fullmatch(line)
    return AlertAction(service=match["service"], title=match["title"]) if match else None


def _site(line: str) -> ScriptAction | None:
    """Parse `site west failing`, `site west lag 30s` or `traffic to east`, None for other lines."""
    if match := TRAFFIC.fullmatch(line):
        return SendTrafficAction(site=match["site"])
    match = SITE.fullmatch(line)
    if match and match["lag"]:
        return SetLagAction(site=match["site"], seconds=int(match["lag"]))
    if match:
        return SetHealthAction(site=match["site"], health=match["health"])  # type: ignore[arg-type]  # SITE matches only these
    return None


def _nearly(line: str) -> ScriptAction | None:
    """Return a hint for a line that is almost right, None for other lines."""
    return next((_usage(reads) for pattern, reads in NEARLY.items() if pattern.fullmatch(line)), None)


def _span(text: str) -> timedelta:
    match = SPAN.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _chat_action(line: str, first: str, rest: str) -> ScriptAction:
    if line.startswith("/"):
        return SlashAction(command=first, text=rest)
    if first in SENT:
        return SENT[first](text=rest) if rest else _usage(f"{first} some words")
    if first in VERBS:
        return VERBS[first](_straight(line), _straight(rest))
    return SayAction(text=line)


def _phone_action(verb: str, which: str) -> ScriptAction:
    if verb not in PHONE_VERBS:
        return UnclearAction(
            sentence="A phone takes ack, resolve, escalate or ignore. To leave it, name a channel: #general."
        )
    words = _unquoted(_straight(which))
    if words != _straight(which):
        return PhoneAction(verb=PHONE_VERBS[verb], words=words)
    return PhoneAction(verb=PHONE_VERBS[verb], which=which.removeprefix("#") or "latest")


def _press(_line: str, rest: str) -> ScriptAction:
    label = _unquoted(rest)
    return PressAction(label=label) if label else _usage('press "Take command"')


def _shortcut(_line: str, rest: str) -> ScriptAction:
    match = SHORTCUT.fullmatch(rest)
    if not match:
        return _usage('shortcut "Declare from this"')
    return ShortcutAction(name=_unquoted(match["name"]), words=_unquoted(match["words"] or ""))


def _reaction(line: str, _rest: str) -> ScriptAction:
    match = REACTION.fullmatch(line)
    if not match:
        return _usage('react memo or react memo "words in the message"')
    kind = ReactAction if match["verb"] == "react" else UnreactAction
    return kind(name=match["name"], words=_unquoted(match["words"] or ""))


def _edit(_line: str, rest: str) -> ScriptAction:
    return EditAction(text=_unquoted(rest)) if re.fullmatch(QUOTED, rest) else _usage('edit "the new text"')


def _join(_line: str, rest: str) -> ScriptAction:
    return JoinAction(channel=rest) if re.fullmatch(r"#[\w*-]+", rest) else _usage("join #payments")


def _fill(_line: str, rest: str) -> ScriptAction:
    values = {_unquoted(pair["key"]): _unquoted(pair["value"]) for pair in PAIR.finditer(rest)}
    if not values or PAIR.sub("", rest).strip():
        return _usage('fill message="All calm"')
    return FillAction(values=values)


def _usage(example: str) -> UnclearAction:
    return UnclearAction(sentence=f"Try: {example}. {AS_MESSAGE}")


def _expectation(line: str) -> ScriptAction:
    match = EXPECT.fullmatch(line)
    where = _where(match["tail"]) if match else None
    if match is None or where is None:
        return UnclearAction(
            sentence='Try: expect "words" within 5s in #channel (or to raj, on raj\'s phone, on the switch); '
            'or expect not "words".'
        )
    patience = where.pop("patience", None)
    words = _unquoted(match["words"])
    if match["no"]:
        return ExpectNotAction(words=words, patience=_seconds(patience, timedelta(0)), **where)
    return ExpectAction(words=words, patience=_seconds(patience, PATIENCE), **where)


def _where(tail: str) -> dict[str, str] | None:
    """Parse the parts after the words, None if one is not understood."""
    if TAIL.sub("", tail).strip():
        return None
    found: dict[str, str] = {}
    for part in TAIL.finditer(tail):
        given = {
            "patience": f"{part['number']} {part['unit']}" if part["number"] else None,
            "channel": part["channel"],
            "person": part["person"],
            "phone": part["owner"],
            "switch": part["switch"],
        }
        found |= {name: value for name, value in given.items() if value}
    return found


def _seconds(given: str | None, default: timedelta) -> timedelta:
    if given is None:
        return default
    number, unit = given.split()
    return float(number) * {"ms": timedelta(milliseconds=1), "s": timedelta(seconds=1)}.get(
        unit, timedelta(minutes=1)
    )


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if re.fullmatch(QUOTED, text) else text


def _straight(text: str) -> str:
    """Replace curly quotes by straight ones."""
    return text.translate(CURLY)


WORDS: Mapping[str, ScriptAction] = {
    "?": HelpAction(),
    "help": HelpAction(),
    "quit": QuitAction(),
    "submit": SubmitAction(),
    "cancel": CancelAction(),
    "traffic": ShowTrafficAction(),
}
VERBS = {
    "press": _press,
    "shortcut": _shortcut,
    "react": _reaction,
    "unreact": _reaction,
    "edit": _edit,
    "join": _join,
    "fill": _fill,
}
SENT: Mapping[str, type[SayAction | ReplyAction]] = {"say:": SayAction, "reply:": ReplyAction}
