"""Decide where a value may stand in a shell command, and quote it as one argument.

The shell's grammar is not read. A value that is not a plain word may stand only where all the code before it is of
kinds that are easy to recognise, so that no quote or substitution can be open.
"""

import re
import shlex
from collections.abc import Iterable

PREFIXES = frozenset(
    "sudo doas env exec nohup time nice ionice command builtin setsid stdbuf strace systemd-run caffeinate watch xargs "  # noqa: SIM905  reads as one
    "parallel timeout flock chroot taskset chrt busybox eval source . trap noglob sh bash zsh dash ksh fish "
    "then do else elif if while until ! { coproc function repeat".split()
)
"""Words that are followed by a command."""
TAKES_ONE = frozenset({"timeout", "flock", "chroot", "taskset", "chrt", "coproc", "function", "repeat"})
"""Prefixes with one word of their own before the command."""
READERS = frozenset(
    "eval source let expr declare typeset alias trap ssh su watch xargs parallel sh bash zsh dash ksh fish pwsh sed "  # noqa: SIM905  reads as one
    "redis-cli mongosh mapfile readarray -exec -execdir -ok -okdir -eq -ne -lt -le -gt -ge".split()
)
"""Programs and options that read their arguments or input as code of their own."""
READERS_IF_BARE = frozenset({"make", "gmake", "at", "batch", "read", "unset", "local"})
"""The same, but they are everyday words too: they don't count within quotes."""
_VERSIONED = re.compile(
    r"(?:python|perl|ruby|lua|php|mysql|mariadb|psql|sqlite)[\w.]*(?:-[\d.]+)?|\w?awk|node(?:js)?[\d.]*"
)
"""Interpreters, whatever their version."""

_CLOSED = re.compile(
    r"""(?:
        [^'"`\\$<#(]                                  # a letter without a meaning that matters here
      | '[^']*'
      | "(?:[^"`\\$] | \\. | \$\w+ | \$\{\w+\})*"
      | \\.
      | \$\w+ | \$\{\w+\}
      | <(?!<)                                        # no here-document
      | \((?!\()                                      # no arithmetic
      | \#[^\n'"`\\$]*\n                              # a comment, or letters that mean the same if it is none
    )*""",
    re.VERBOSE | re.DOTALL,
)
_LITERAL = re.compile(r"""'[^']*'|"(?P<double>(?:[^"\\]|\\.)*)"|\\.|(?<![^\s;&|()<>`])#[^\n]*\n""", re.DOTALL)
"""Quoted text, an escaped letter, or a comment."""
_REDIRECTION = re.compile(r"(?:(?<!\d)\d+)?[<>]+[&|]?\s*[^\s;|&()`<>]+")
_INTO = re.compile(r"[<>][&|]?\s*[^\s;|&()`<>]*\Z")
_WORD_BEGINS = re.compile(r"(?:^|[\s;&|(])(?:[\w.-]+=)?\Z")
_WORD_ENDS = re.compile(r"[\s;&|)]|\Z")
_COMMAND_ENDS = re.compile(r"[\n;|&()`]|\s--?(?:exec|execdir|exec-batch|ok|okdir)(?=\s)")
_SUBSTITUTION = re.compile(r"[$<>=]\((?![^()]*\bin\b)[^()]*\)")
_ARITHMETIC_ENDS = re.compile(r"[^();&|\n]*\)\)")
_PROGRAM = re.compile(r"\[\[?|[\w./:@%+,~-]+")
_NO_PROGRAM = re.compile(r"(?:^|/|\$\w+|[}\])])\Z")
_TAKES_NOTHING = re.compile(r"--|-\w*\d")
_ASSIGNMENT = re.compile(r"(?:^|[\s;&|(])\w+\+?=\Z")
_ARITHMETIC = re.compile(r"\(\(|\$\[|\$\{[#!]?\w+(?:\[|:[^-=+?}])")
_SUBSCRIPT = re.compile(r"\w\[")
_NAMES = re.compile(r"[\w.-]+")


def quoted(value: str) -> str:
    """Return a value quoted as one shell word. It never has three backticks in a row: in chat they end the block."""
    word = shlex.quote(value)
    word = f"'{value}'" if word == value else word  # zsh would look for a program in =ls
    return word.replace("``", "``''")


def is_command(before: str, after: str = "") -> bool:
    """Return whether a value between these would be the command itself. In doubt, it would."""
    plain = _without_literals(before)
    if _INTO.search(plain):
        return False
    if _ARITHMETIC_ENDS.match(after):
        plain = plain.replace("((", "x ")
    plain = _REDIRECTION.sub(" ", _SUBSTITUTION.sub("${_}", _SUBSTITUTION.sub("${_}", plain)))
    *words, begun = re.split(r"\s+", _COMMAND_ENDS.split(plain)[-1])
    return bool(_NO_PROGRAM.search(begun)) and _awaits_command(words)


def _awaits_command(words: Iterable[str]) -> bool:
    """Return whether the command may be still to come after these words. Any option may take the word behind it."""
    awaited = 1
    for word in filter(None, words):
        name = re.split("[/}]", word)[-1] or word
        if name in PREFIXES:
            awaited += name in TAKES_ONE
        elif _PROGRAM.fullmatch(word) and not _TAKES_NOTHING.fullmatch(word):
            awaited += 1 if word.startswith("-") else -1
        if not awaited:
            return False
    return True


def is_argument(before: str, after: str) -> bool:
    """Return whether a value between these is one whole argument, or all that follows the = of one."""
    plain = _without_literals(before)
    return bool(
        _CLOSED.fullmatch(before)
        and _WORD_BEGINS.search(plain)
        and not _INTO.search(plain)
        and _WORD_ENDS.match(after)
    )


def is_reader(name: str) -> bool:
    """Return whether a program of this name reads an argument or its input as code."""
    return name in READERS or _VERSIONED.fullmatch(name) is not None


def reader_in(code: str) -> str | None:
    """Return the first program in the code that may read an argument or its input as code; else None."""
    plain = _without_literals(f"{code}\n")
    bare: list[str] = _NAMES.findall(plain)
    names: list[str] = _NAMES.findall(_without_comments(code))
    for name in (*names, *bare):
        if is_reader(name):
            return name
    takes_variable = any(map(_takes_variable, re.split(r"[\n;]", plain)))
    return next((it for it in bare if it in READERS_IF_BARE), "-v" if takes_variable else None)


def _takes_variable(command: str) -> bool:
    """Return whether it is like printf -v, test -v or [ -v: the shell reads a subscript in the variable's name."""
    words = set(re.split(r"[\s&|()]+", command))
    return "-v" in words and not words.isdisjoint({"printf", "test", "[", "[["})


def is_assigned(before: str) -> bool:
    """Return whether a value after this is kept in a variable."""
    return _ASSIGNMENT.search(_without_literals(before)) is not None


def calculates(code: str) -> bool:
    """Return whether there is arithmetic in the code. A variable in it may run commands."""
    return bool(
        _ARITHMETIC.search(_without_comments(code)) or _SUBSCRIPT.search(_without_literals(f"{code}\n"))
    )


def _without_comments(code: str) -> str:
    return _LITERAL.sub(lambda it: "\n" if it[0].startswith("#") else it[0], f"{code}\n")


def _without_literals(code: str) -> str:
    """Return the code without quotes, escapes and comments. What was quoted keeps only its word letters."""
    return re.sub(r"[\"'\\]", "", _LITERAL.sub(_plain, code))


def _plain(literal: re.Match[str]) -> str:
    if literal[0] == "\\\n":
        return ""
    if literal[0].startswith("#"):
        return "\n"
    said = literal[0][1:] if literal[0].startswith("\\") else literal[0][1:-1]
    if literal["double"] and ("$(" in said or "`" in said):
        return said  # commands of their own
    return re.sub(r"[^\w./-]", "_", said)
