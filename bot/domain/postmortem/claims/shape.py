"""A sentence in the few words that its claims are made of: ⟨p0⟩ declared incident ⟨t0⟩."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.domain.postmortem.claims.sentences import LONGEST, MASK, masked
from bot.domain.postmortem.claims.values import LENGTH, TIME, clock_of, length_of

MOST_VALUES = 12
"""A sentence with more times, lengths and names than this is left alone."""
P, T, R, L, S, G = (rf"⟨{it}\d+⟩" for it in "ptrlsg")
"""A person or several, a time, a range of times, a length, a severity, a team."""

_WEEKDAY = re.compile(
    r"\b(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b,? ?(?:morning|afternoon|evening|night)?",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"<@(?P<id>[UW][A-Z0-9]{2,20})(?:\|[^<>]{0,80})?>|(?<![\w.@/])@(?P<handle>\w[\w.-]{0,40}\w|\w)"
    r"|(?<![\w@/.⟨-])(?P<word>[^\W\d_a-z][\w’-]*(?:'(?!s\b)\w+)*)"  # noqa: RUF001
)
_ELSEWHERE = re.compile(rf"({T}) (?:in {P}|\({P}|{P} time|\(?local)")
"""A time with a place behind it, whose zone is not known."""
_RANGE = re.compile(rf"(?:between )?({T})(?: ?(?:-|–|—) ?| (?:to|through) | )({T})|between ({T}) and ({T})")  # noqa: RUF001
_INCIDENT = re.compile(r"\binc[- ]?\d{1,9}\b(?!-)", re.IGNORECASE)
_SEVERAL = re.compile(rf"{P}(?:, {P}){{0,8}},? (?:and|&) {P}")


_FILLERS = (
    *(
        "finally",
        "eventually",
        "officially",
        "fully",
        "quickly",
        "successfully",
        "immediately",
        "already",
        "only",
    ),
    *(
        "just",
        "also",
        "subsequently",
        "overall",
        "in total",
        "in all",
        "altogether",
        "promptly",
        "formally",
        "soon",
    ),
    *("manually", "automatically", "itself", "initially", "both", "exactly"),
)
"""Words that change nothing about what is claimed."""
_MOVED = "upgraded|escalated|downgraded|lowered|changed|increased|bumped|set|moved|dropped"
_FOLDS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (
            r"\b(?:their|his|her|your)(?: own)? (?=(?:service |production )?(?:incident|outage|downtime|failover)\b)",
            "other ",
        ),
        (r"\b(?:the|this|our|its|their|his|her|that)\b(?! ?⟨l)", " "),
        (rf"\b(?:{'|'.join(_FILLERS)})\b,?", " "),
        (r"\s+", " "),
        (r"\b(?:well|shortly|long|right|even) (?=(?:before|after)\b)", ""),
        (r"\b(?:has|have|had) been\b|\b(?:were|is|are|got|gets|been|being)\b", "was"),
        (r"\b(?:has|have|had) (?=\w+ed\b)", ""),
        (
            r"\b(?:we|us|somebody|someone|anybody|anyone|they|i|spy|engineers?|responders?|on-?call(?: engineer)?)\b",
            "someone",
        ),
        (r"\b(?:service |production )incident\b", "incident"),
        (r"\b(?:service |customer |user )?(?:outage|impact|downtime|disruption)\b", "outage"),
        (r"\b(?:pagerduty )?page(?: to (⟨[gp]\d+⟩))?(?! \w*(?:load|view))\b", r"page"),
        (r"\bincident (?:commander|lead|manager)\b|\bic\b", "commander"),
        (r"\bincident command\b|\bcommand of incident\b", "command"),
        (r"\bfirst (?:internal |incident )?update\b", "firstupdate"),
        (r"\bfirst status update\b", "firststatus"),
        (r"\b(?:acked|acks|ack'd|ack'ed|acknowledges)\b", "acknowledged"),
        (r"\b(?:answered|answers|accepted|picked up|responded to)(?= page\b)", "acknowledged"),
        (r"(?<=\bpage was )(?:answered|accepted|picked up)\b", "acknowledged"),
        (r"\b(?:was able|managed) to acknowledge\b", "acknowledged"),
        (r"\bdeclares\b|\b(?:opened|opens|created|creates)(?= (?:an? )?incident\b)", "declared"),
        (r"(?<=\bincident was )(?:opened|created)\b", "declared"),
        (r"\b(?:declared|marked|confirmed) (incident|it) (?:as )?(resolved|mitigated)\b", r"\2 \1"),
        (r"\b(?:declared|marked|confirmed)(?: as)? (resolved|mitigated|over)\b", r"\1"),
        (r"\bresolves\b|\b(?:closed|closes)(?= incident\b)", "resolved"),
        (r"(?<=\bincident was )closed\b", "resolved"),
        (r"\bmitigates\b", "mitigated"),
        (r"\b(?:pages)(?= ⟨)", "paged"),
        (r"\bfail(?:ed|ing)?[- ]?over\b", "failover"),
        (
            r"\b(?:takes|took over|takes over|assumed|assumes|accepted) (?:command|commander role|role of commander)\b",
            "took command",
        ),
        (
            r"\b(?:took over|takes over|stepped in) as commander\b|\b(?:became|becomes|was made) (?:new )?commander\b",
            "took command",
        ),
        (r"\btook over from (⟨p\d+⟩) as commander\b", r"took command from \1"),
        (
            r"\b(?:hands|passed|gave|transferred) (?:over )?command\b|\bhanded over command\b",
            "handed command",
        ),
        (r"\bhanded command over\b", "handed command"),
        (rf"\b(?:{_MOVED})\b(?=[^,;]{{0,40}} ⟨s)", "raised"),
        (r"\b(?:leads|led|commands|commanded|ran)(?= incident\b)", "led"),
        (r"\bstarted\b|\bstarts\b|\bbegins\b", "began"),
        (r"\b(?:finished|completed|was complete|was done)\b", "ended"),
        (r"\bcommander ?: ?(?=⟨p)", "commander was "),
        (r"\b(time to \w+) ?: ?(?=⟨l)", r"\1 was "),
    )
)
"""What people say for the same idea, in the order in which it is replaced."""
_COMMON = """
a about acknowledgement after afterwards again all although an and another any around as at be because been
before between both but by declaration despite did do during each every everyone first following for from
handover he her his how however i if in inside it its later luckily meanwhile mitigated mitigation my next no
nobody none not now of on once one or our over page prior resolution resolved severity shortly since so some
that the their then there these they this though throughout thus till time to two under unfortunately until
update we what when where which while who why with within without yet you your
"""
ORDINARY = frozenset(_COMMON.split()) | {
    word for pattern, instead in _FOLDS for word in re.findall(r"[a-z]{2,}", f"{pattern.pattern} {instead}")
}
"""Words that are no name, though a sentence may begin with them."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Words that differ from one incident to the next."""

    incident: str = "INC-1"
    severities: Sequence[str] = ()
    teams: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class SentenceShape:
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """What its signs stand for: a ClockTime, a Length, a pair of Clocks, names, a severity, a team."""


def shape(sentence: str, words: Vocabulary) -> SentenceShape:
    """Return a sentence with signs for its values, and one word for each idea."""
    if len(sentence) > LONGEST:
        return SentenceShape(text="")
    values: dict[str, Any] = {}

    def sign(letter: str, value: object) -> str:
        name = f"⟨{letter}{len(values)}⟩"
        values[name] = value
        return name

    text = masked(sentence).replace("⟨", "(").replace("⟩", ")")
    text = re.sub(f"{MASK}+", "quoted", text).replace("a.m.", "am").replace("p.m.", "pm")
    text = text.replace("’", "'").replace("\u2011", "-")  # noqa: RUF001
    text = _with_own_words(_WEEKDAY.sub("", text), words, sign)
    text = TIME.sub(lambda it: sign("t", clock_of(it)), text)
    text = LENGTH.sub(lambda it: sign("l", length_of(it)), text)
    text = _folded(_with_people(text, sign).casefold())
    for elsewhere in _ELSEWHERE.finditer(text):
        values[elsewhere[1]] = replace(values[elsewhere[1]], zones=())
    text = _RANGE.sub(lambda it: sign("r", tuple(values[n] for n in it.groups() if n)), text)
    text = _SEVERAL.sub(lambda it: sign("p", tuple(n for p in re.findall(P, it[0]) for n in values[p])), text)
    return SentenceShape(text=text if len(values) <= MOST_VALUES else "", values=values)


Sign = Callable[[str, object], str]


def _with_own_words(text: str, words: Vocabulary, sign: Sign) -> str:
    """Put signs for severities and teams, and one word for the incident itself."""
    own = words.incident.casefold()
    text = _INCIDENT.sub(lambda it: "incident" if it[0].casefold() == own else "otherincident", text)
    for key in words.severities:
        text = re.sub(_severity(key), partial(_signed, sign, "s", key), text, flags=re.IGNORECASE)
    for key in words.teams:
        name = re.escape(key)
        team = rf"(?<![\w.-]):{name}\b|(?<![\w.:-]){name}(?:'s)?(?: team\b| on-?call\b(?: engineer\b)?)?(?![\w-])"
        text = re.sub(team, partial(_signed, sign, "g", key), text, flags=re.IGNORECASE)
    return text


def _signed(sign: Sign, letter: str, value: str, _found: re.Match[str]) -> str:
    return sign(letter, value)


def _severity(key: str) -> str:
    named = re.fullmatch(r"([a-z]+)(\d+)", key, re.IGNORECASE)
    if not named:
        return rf"(?<![\w-]){re.escape(key)}(?![\w-])"
    word = "sev(?:erity)?" if named[1].casefold() == "sev" else re.escape(named[1])
    return rf"(?<![\w-]){word}[ -]?{named[2]}(?![\w-])"


def _with_people(text: str, sign: Sign) -> str:
    """Put signs for people: mentions, and words with a capital that are not ordinary words."""
    parts, at, name = list[str](), 0, list[re.Match[str]]()

    def close() -> None:
        nonlocal at
        if name:
            whole = text[name[0].start() : name[-1].end()]
            parts.extend((text[at : name[0].start()], sign("p", (whole,))))
            at = name[-1].end()
            name.clear()

    for found in _PERSON.finditer(text):
        is_name = not found["word"] or (
            found["word"][0].isupper() and found["word"].casefold() not in ORDINARY
        )
        goes_on = name and found["word"] and name[-1]["word"] and text[name[-1].end() : found.start()] == " "
        if not (is_name and goes_on):
            close()
        if is_name:
            name.append(found)
    close()
    return "".join([*parts, text[at:]])


def _folded(text: str) -> str:
    for pattern, instead in _FOLDS:
        text = pattern.sub(instead, text)
    return " ".join(text.split())
