"""What anybody may type costs no more than its length: nothing that reads it is worse than linear.

Every function that takes a text is found by its signature and fed with texts of 5,000 characters of many kinds, and
so is every filter of a template and every command: what is new is tried without a word here.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import time
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import pytest
from jinja2.defaults import DEFAULT_FILTERS
from markdown_it import MarkdownIt
from markdown_it.token import Token

import bot
import plugins
from bot.adapters.rendering import markdown, templates
from bot.adapters.rendering.drawing import Drawing, drawn_on
from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.plugins import load
from bot.domain.foreign import WORD
from bot.domain.identity import PersonIdentity
from bot.domain.policy import Policy
from bot.domain.postmortem.document import Document, DocumentSection, body
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, SpyKit
from tests.support.folders import ROOT, TEMPLATES

LONG = 5_000
"""An eighth of what a message in Slack may have: what is worse than linear shows here, at an eighth of the cost."""
PASSES = 25
"""A text may cost as much processor as this many passes over 5,000 characters in plain Python, some 0.25 ms each: about
6 ms where nothing else runs, and more where tests share cores. What is worse than linear takes far longer."""
MOST = 40
"""Times the passes that nothing may cost, however it grows."""
GROWTH = 3
"""Between 2, which is a line, and 4, which is a square."""
TRIES = 5

FAMILIES = {
    "blanks": " ",
    "tabs": "\t",
    "blanks and tabs": "\t  ",
    "line ends": "\n",
    "blank lines": " \n",
    "short lines": "a\n",
    "Windows line ends": "\r\n",
    "one letter": "a",
    "one capital": "W",
    "digits": "1",
    "numbered": "1. ",
    "words": "a ",
    "quotes opened": ' "',
    "quotes closed": '"',
    "quoted words": '"a" ',
    "quotes in words": 'a"b" ',
    "curly quotes": "“”",
    "backticks": "`",
    "fences": "```\n",
    "opened angles": "<",
    "opened angles with words": "<a ",
    "closed angles": ">",
    "angles": "<>",
    "ampersands": "&",
    "escapes": "&amp;",
    "mentions opened": "<@",
    "mentions with labels opened": "<@U0SPY|",
    "people": "<@U0ANA>",
    "links opened": "<http://a",
    "dates opened": "<!date^1^",
    "groups opened": "<!subteam^S",
    "addresses": "http://",
    "addresses in words": "https://a.b ",
    "mails": "a@b.",
    "bars": "|",
    "bold": "*",
    "bold words": " *a",
    "italic": "_",
    "struck": "~",
    "brackets": "[(",
    "closed brackets": ")]",
    "links of Markdown": "[a](",
    "braces": "{{",
    "dashes": "-",
    "dots": ".",
    "numbers of issues": "GH-1#1 ",
    "colons": ":",
    "emoji": ":a:",
    "slashes": "/",
    "backslashes": "\\",
    "equations": "a=",
    "commas": "1,",
    "clocks": "10:05 ",
    "colours": "\x1b[",
    "titles": "\x1b]",
    "comments": "<!-- ",
    "heads of documents": "<!-- spy:a sections=",
    "sections opened": "<!-- spy:section a 0 -->\n",
    "sections": "<!-- spy:section a 0 -->\n<!-- spy:end a -->\n",
    "pages opened": "<!-- spy:log 1 0 -->\n",
    "boxes": "- [x] a\n",
    "zero width": "\u200b",
    "joined": "👩\u200d",
    "flags": "🇩",
    "combining marks": "a\u0301\u0301",
    "right to left": "\u202eא",
    "half characters": "\ud83d",
    "NUL": "\x00",
    "at signs": "@a",
}
WITHIN = (
    "blanks",
    "tabs",
    "blanks and tabs",
    "line ends",
    "blank lines",
    "dashes",
    "bold",
    "opened angles",
    "titles",
)
"""What may also cost much where something stands before and behind it."""


def text_of(family: str, length: int) -> str:
    """Return a text of this length of one kind."""
    if family == "two long words":
        return "a" * (length // 2 - 1) + " " + "b" * (length // 2)
    name = family.removesuffix(" within")
    return (FAMILIES[name] * length)[:length] if name == family else f"a{text_of(name, length - 4)}b\nc"


WORDS = text_of("words", LONG)
KINDS = (*FAMILIES, "two long words", *(f"{name} within" for name in WITHIN))


def slow(
    read: Callable[[str], object],
    kinds: Iterable[str] = KINDS,
    *,
    length: int = LONG,
    passes: float = PASSES,
) -> dict[str, float]:
    """Return the kinds that cost more passes than they may and grow worse than the text does.

    Dear and still in a line may be what asks much for each word, and what runs beside other work. Nothing may cost
    `MOST` times as much as that.
    """
    dear = {it: cost for it in kinds if (cost := _cost(read, text_of(it, length), passes)) > passes}
    return {
        it: cost for it, cost in dear.items() if cost > MOST * passes or _growth(read, it, length) > GROWTH
    }


def _cost(read: Callable[[str], object], text: str, passes: float) -> float:
    """Return the passes that a text costs: the least of a few tries, for other work slows one."""
    least = _seconds(read, text) / _floor()
    for _ in range(TRIES - 1):
        if least < passes:
            break
        floor = _seconds(_pass, WORDS)  # beside it: the machine may be busier than it was
        least = min(least, _seconds(read, text) / floor)
    return least


def _growth(read: Callable[[str], object], kind: str, length: int) -> float:
    """Return how many times more a text costs that is twice as long: 2 in a line, 4 in a square."""
    half, whole = text_of(kind, length // 2), text_of(kind, length)
    tries = [(_seconds(read, half), _seconds(read, whole)) for _ in range(TRIES)]
    return min(it for _, it in tries) / min(it for it, _ in tries)


def _seconds(read: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    with suppress(Exception):  # a refusal is as good as an answer: only its time counts
        read(text)
    return time.process_time() - began


@cache
def _floor() -> float:
    return min(_seconds(_pass, WORDS) for _ in range(TRIES))


def _pass(text: str) -> None:
    seen: dict[str, int] = {}
    for letter in text:
        seen[letter] = seen.get(letter, 0) + 1


# --- every function that takes a text ---------------------------------------------------------------------

NOT_TYPED = {
    "bot.__main__": "it starts a program",
    "bot.adapters.database.migrations": "it runs when it is imported",
    "bot.app.demo": "it opens a browser",
    "bot.adapters.database.connection": "it opens a database",
    "bot.adapters.runbooks.front": "a file of the operator's",
    "bot.app": "it starts a bot",
    "bot.cli": "it starts a program",
    "bot.config": "a file of the operator's",
    "bot.domain.relief.relief": "its agendas have no end",
    "bot.sandbox.__main__": "it starts a program",
    "bot.sandbox.console.chat": "it waits for a keyboard",
    "bot.sandbox.server.rest": "its own routes",
    "bot.web.server": "it opens a port",
}
"""What reads no text that people type, by the beginning of its name."""
USAGES = {"parse_usage", "command"}
"""A plugin's own words."""


def _functions() -> Iterator[Callable[..., Any]]:
    for package in (bot, plugins):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(tuple(NOT_TYPED)):
                module = importlib.import_module(found.name)
                yield from (it for it in vars(module).values() if _is_readers(it, found.name))


def _is_readers(thing: object, module: str) -> bool:
    return inspect.isfunction(thing) and thing.__module__ == module and thing.__name__ not in USAGES


class CannotGiveError(LookupError):
    """A test can't make such a thing."""


def given(kind: Any, text: str, depth: int = 3) -> Any:  # noqa: PLR0911  a table
    """Make something of this type that holds the text wherever it can."""
    if kind in PLAIN:
        return PLAIN[kind](text)
    if isinstance(kind, NewType):
        return given(kind.__supertype__, text, depth)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in {Union, types.UnionType}:
        return given(next(it for it in inner if it is not types.NoneType), text, depth)
    if origin in SEVERAL:
        return SEVERAL[origin]([given(inner[0], text, depth)])
    if origin in {dict, Mapping}:
        return {"a": given(inner[1], text, depth)}
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind) and depth:
        hints = _hints(kind)
        wanted = [
            it for it in dataclasses.fields(kind) if it.init and (_is_needed(it) or hints[it.name] is str)
        ]
        return kind(**{it.name: given(hints[it.name], text, depth - 1) for it in wanted})
    raise CannotGiveError(kind)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _is_needed(field: Any) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


PLAIN: dict[Any, Callable[[str], Any]] = {
    str: str,
    object: str,
    Any: str,
    bytes: lambda text: text.encode(errors="surrogatepass"),
    int: lambda _: 1_000,
    float: lambda _: 1.0,
    bool: lambda _: False,
    datetime: lambda _: NOON,
    date: lambda _: NOON.date(),
    tzinfo: lambda _: NOON.tzinfo,
    timedelta: lambda _: timedelta(minutes=5),
    PersonIdentity: lambda text: PersonIdentity(
        person="U0ANA", token="1", names=frozenset({text[:WORD], "Ana Lima"}), logins=frozenset({text[:WORD]})
    ),
    Policy: lambda _: POLICY,
    Transaction: lambda _: tx(),
    templates.Names: lambda _: dict[str, str]().get,
}
SEVERAL = dict.fromkeys((Iterable, Collection, Sequence, tuple), tuple) | {
    list: list,
    Iterator: iter,
    set: set,
    AbstractSet: set,
    frozenset: frozenset,
}


@cache
def tx() -> Transaction:
    """A transaction at which nothing is kept."""
    return SpyKit().tx().__enter__()


ONLY_FOR_TYPES = {
    "Box": object,
    "Config": object,
    "Limits": object,
    "MarkdownIt": MarkdownIt,
    "Token": Token,
}
"""Names that some module imports for its types alone."""
SHORT = {"bot": "U0SPY", "other": "oncall"}
"""Parameters that no person fills."""


def reader(function: Callable[..., Any]) -> Callable[[str], object] | None:
    """Make a reader of one text of it; None where it takes none, or what a test can't give."""
    hints = get_type_hints(function, localns=ONLY_FOR_TYPES)
    takes = inspect.signature(function).parameters.values()
    needed = [
        it for it in takes if it.default is it.empty and it.kind not in {it.VAR_POSITIONAL, it.VAR_KEYWORD}
    ]
    kinds = {it: hints.get(it.name, str) for it in needed}

    def read(text: str) -> object:
        values = {it: SHORT.get(it.name) or given(kind, text) for it, kind in kinds.items()}
        named = {it.name: value for it, value in values.items() if it.kind is it.KEYWORD_ONLY}
        answer = function(*(value for it, value in values.items() if it.name not in named), **named)
        return list(islice(answer, 1_000)) if isinstance(answer, Iterator) else answer

    try:
        holds_text = any("§" in repr(given(kind, "§")) for kind in kinds.values())
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return read if holds_text else None


READERS = {
    f"{it.__module__}.{it.__qualname__}": read for it in _functions() if (read := reader(it)) is not None
}


def test_what_reads_is_found():
    """So that the search above can't come to find nothing."""
    assert {
        "bot.adapters.rendering.mrkdwn.typed",
        "bot.adapters.rendering.markdown.paragraphs",
        "bot.adapters.slack.blocks.payload",
        "bot.domain.grammar.typed.read",
        "bot.commands.arguments.times._moment",
        "bot.domain.incident.name.channel_name",
        "bot.domain.window.read_window",
        "bot.sandbox.console.script.read",
    } <= set(READERS)


def test_a_square_is_found():
    """So that nothing above can pass whatever it does: trailing blanks are looked for from each blank anew."""
    assert slow(re.compile(r"\s+$").search, ["blanks", "blanks within", "words"]).keys() == {"blanks within"}


NAMES_MADE_PATTERNS = {f"bot.domain.identity.{it}" for it in ("_in_list", "_login", "_name", "_whole")}
"""They make patterns of a person's names, which the door cuts to `WORD` characters: they get so much of each text."""


@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_linear(name: str):
    markdown._writing.set(markdown._Writing(names=lambda _: None))  # noqa: SLF001  a template's functions draw on something

    with drawn_on(Drawing()):
        assert not slow(READERS[name], length=WORD if name in NAMES_MADE_PATTERNS else LONG)


# --- templates --------------------------------------------------------------------------------------------

FILTERS = sorted(templates._environment([]).filters.keys() - DEFAULT_FILTERS.keys())  # noqa: SLF001  all that are
ARGUMENTS = {"clip": "(100)", "pages": "(900)"}
GIVEN = {"zipped": "[text]"}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_linear(tmp_path: Path, name: str):
    (tmp_path / "said.j2").write_text(
        f"{{{{ {GIVEN.get(name, 'text')} | {name}{ARGUMENTS.get(name, '')} }}}}"
    )
    drawn = JinjaTemplates([tmp_path])

    assert not slow(lambda text: drawn.render("said", {"text": text}))


def test_a_document_is_put_together_in_a_line():
    def merge(text: str) -> None:
        document = Document(title="t", sections=(DocumentSection(key="a", text=text),), log=(text,))
        body(document, "INC-1", before=f"<!-- spy:INC-1 sections=a,b -->{text}")

    assert not slow(merge, passes=2 * PASSES)


# --- commands ---------------------------------------------------------------------------------------------

COMMANDS = [it.words for it in load([ROOT / "plugins"]).commands]
TYPED = ("words", "quoted words", "short lines", "blanks within", "two long words", "emoji")


@cache
def spy() -> SpyKit:
    kit = SpyKit(ROOT / "plugins", templates=JinjaTemplates([TEMPLATES]))
    kit.say('incident me "checkout is down" sev1', by="U0ANA")
    kit.create_channel(1, channel="C0ROOM")
    return kit


@pytest.mark.parametrize("words", [*COMMANDS, "", "incidnet", "oncall cvoer"])
def test_a_command_takes_long_words_in_its_stride(words: str):
    assert not slow(lambda text: spy().say(f"{words} {text}", channel="C0ROOM"), TYPED, passes=8 * PASSES)
