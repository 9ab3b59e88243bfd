"""Valid texts and payloads, changed at random: by the grammar, by markup and letters, by length and nesting."""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S0EVIL|@sre>",
    "&lt;!channel&gt;",
    "&amp;lt;!here&amp;gt;",
    "<<!channel>>",
    "<!chan\u200bnel>",
    "<!channel",
    "<@U0EVIL>",
    "<@U0RAJ|raj>",
    "<#C0EVIL|general>",
    "<https://evil.example|click>",
    "https://evil.example/<!channel>",
    "<mailto:a@evil.example|a>",
    "<!date^1^{date}|x>",
    "*b* _i_ ~s~ `c` ```x",
    '"',
    "“„«",
    "'",
    "\\",
    "{{ name }} {% raw %}",
    "${IFS}$(id)`id`",
    "a\x00b\x1b[2J",
    "\u202eevil\u202c",
    "\ud800",
    "e" + "\u0301" * 80,
    "👩\u200d👩\u200d👧🏽🇵🇹",
    "\uff41\uff42 \xdf \u0130 \u0131",
    "-",
    "--help",
    "?",
    "| * + ( [",
    "-1",
    "0",
    "1e400",
    "9" * 400,
    "999999999999",
    "31 February",
    "25:61",
    "yesterday 14:00",
    "in 3 fortnights",
    "2026-03-29T02:30:00",
    " " * 3_000,
    "word " * 800,
    "x" * 10_000,
    "\n" * 500,
)
ORDINARY = (
    "checkout",
    "is",
    "down",
    "sev1",
    "SEV-2",
    "private",
    "drill",
    ":imoc",
    ":payments",
    "<@U0RAJ>",
    "@raj",
    "since 10:05",
    "15m",
    "tomorrow",
    "next friday",
    "1",
    "2",
    "inc-1",
    "INC-1",
    "page 2",
    "blue",
    "practice",
    "restart-db",
    "service=checkout",
    "anyway",
    "mitigated",
    "recovery",
    "https://example.com/graph",
    "on checkout",
    "scribe",
    '"two words"',
)
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    [],
    {},
    [[]],
    {"": None},
    ["a", None],
    {"text": {"text": []}},
)
_SLOT = re.compile(r'"\w+"|<\w+>|[:@]\w+')
_GROUP = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
DEEPEST = 60
LETTERS = "\x00\t\n\"'<|\xa0\u2028\u200f\ufeff\U0001f525"


def command(rng: Random, usages: Sequence[str]) -> str:
    """A command as its usage line has it, filled in and then changed a little, or not."""
    usage = rng.choice(usages)
    while group := _GROUP.search(usage):
        inner = group[0][1:-1]
        chosen = "" if group[0][0] == "[" and rng.random() < 0.4 else rng.choice(inner.split("|"))
        usage = f"{usage[: group.start()]}{chosen}{usage[group.end() :]}"
    words = " ".join(rng.choice(word.split("|")) for word in usage.split())
    return text(rng, _SLOT.sub(lambda it: _filled(rng, it[0]), words))


def _filled(rng: Random, slot: str) -> str:
    pool = HOSTILE if rng.random() < 0.3 else ORDINARY
    words = " ".join(rng.choice(pool) for _ in range(rng.choice((1, 1, 2, 5))))
    return f'"{words}"' if slot[0] == '"' and rng.random() < 0.8 else words


def text(rng: Random, words: str) -> str:
    """The text with none to three changes."""
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        words = rng.choice(_CHANGES)(rng, words)
    return words


def _inserted(rng: Random, words: str) -> str:
    at = rng.randint(0, len(words))
    return f"{words[:at]}{rng.choice(HOSTILE)}{words[at:]}"


def _appended(rng: Random, words: str) -> str:
    return f"{words} {rng.choice((*HOSTILE, *ORDINARY))}"


def _cut(rng: Random, words: str) -> str:
    at, to = sorted(rng.randint(0, len(words)) for _ in range(2))
    return words[:at] + words[to:]


def _doubled(rng: Random, words: str) -> str:
    return f"{words}{rng.choice((' ', '', chr(10)))}{words}"[:20_000]


def _wrapped(rng: Random, words: str) -> str:
    mark = rng.choice(("`", "*", "_", "```", "> ", '"', "<", "&lt;", "(", "spy ", "<@U0SPY> ", "please "))
    return f"{mark}{words}{mark if len(mark) < 4 else ''}"


def _swapped_case(_rng: Random, words: str) -> str:
    return words.swapcase()


def _one_letter(rng: Random, words: str) -> str:
    at = rng.randint(0, max(len(words) - 1, 0))
    return f"{words[:at]}{rng.choice(LETTERS)}{words[at + 1 :]}"


_CHANGES: tuple[Callable[[Random, str], str], ...] = (
    _inserted,
    _appended,
    _cut,
    _doubled,
    _wrapped,
    _swapped_case,
    _one_letter,
)


def payload(rng: Random, told: Any, words: Callable[[], str]) -> Any:
    """A copy of a payload with one to three parts replaced, left out, added or nested. `words` gives texts."""
    bent = deepcopy(told)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = bent
        while isinstance(place, dict | list) and place:
            key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
            inner = place[key]
            if isinstance(inner, dict | list) and inner and rng.random() < 0.75:
                place = inner
                continue
            place[key] = _other(rng, inner, words)
            if isinstance(place, dict) and rng.random() < 0.15:
                del place[key]
            break
    return bent


def _other(rng: Random, was: Any, words: Callable[[], str]) -> Any:
    if isinstance(was, str) and rng.random() < 0.7:
        return words() if rng.random() < 0.5 else text(rng, was)
    if rng.random() < 0.1:
        return nested(rng.randint(1, DEEPEST), was)
    return deepcopy(rng.choice(ODD))


def nested(depth: int, inner: Any) -> Any:
    for level in range(depth):
        inner = [inner] if level % 2 else {"text": inner}
    return inner
