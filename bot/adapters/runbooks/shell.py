"""Decide where a value may stand in a shell command, and quote it as one argument.

The shell's grammar is not read. A value that is not a plain word may stand only where all the code before it is of
kinds that are easy to recognise, so that no quote or substitution can be open.
"""

import re
import shlex

PREFIXES = frozenset(
    "sudo env exec nohup time nice command builtin then do else elif if while until ! { watch xargs".split()  # noqa: SIM905  reads as one
)
"""Words that are followed by a command."""
READERS = frozenset(
    "eval source let expr declare typeset alias trap ssh su watch xargs parallel sh bash zsh dash ksh fish pwsh python "  # noqa: SIM905  reads as one
    "python3 perl ruby node php awk sed psql mysql sqlite3 redis-cli mongosh -exec -eq -ne -lt -le -gt -ge".split()
)
"""Programs and options that read their arguments or input as code of their own."""

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
_LITERAL = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|\\.|(?<!\S)#[^\n]*\n""", re.DOTALL
)
"""Quoted text, an escaped letter, or a comment."""
_REDIRECTION = re.compile(r"(?<!\d)\d*[<>]+[&|]?\s*[^\s;|&()`]+")
_INTO = re.compile(r"[<>][&|]?\s*[^\s;|&()`<>]*\Z")
_WORD_BEGINS = re.compile(r"(?:^|[\s;&|(])(?:[\w.-]+=)?\Z")
_WORD_ENDS = re.compile(r"[\s;&|)]|\Z")
_COMMAND_ENDS = re.compile(r"[\n;|&(`]")
_ASSIGNMENT = re.compile(r"\w+\+?=")
_NAMES = re.compile(r"[\w.-]+")


def quoted(value: str) -> str:
    """Return a value quoted as one shell word. It never has three backticks in a row: in chat they end the block."""
    word = shlex.quote(value)
    word = f"'{value}'" if word == value else word  # zsh would look for a program in =ls
    return word.replace("``", "``''")


def is_command(before: str) -> bool:
    """Return whether a value after this code would be the command itself. In doubt, it would."""
    plain = _without_literals(before)
    if _INTO.search(plain):
        return False
    begun = _COMMAND_ENDS.split(_REDIRECTION.sub(" ", plain).replace("((", "x "))[-1]
    return not begun[-1:].strip() and all(it in PREFIXES or _ASSIGNMENT.match(it) for it in begun.split())


def is_argument(before: str, after: str) -> bool:
    """Return whether a value between these is one whole argument, or all that follows the = of one."""
    plain = _without_literals(before)
    return bool(
        _CLOSED.fullmatch(before)
        and _WORD_BEGINS.search(plain)
        and not _INTO.search(plain)
        and _WORD_ENDS.match(after)
    )


def reader_in(code: str) -> str | None:
    """Return the first program in the code that may read an argument or its input as code; else None."""
    return next((it for it in _NAMES.findall(code) if it in READERS), None)


def _without_literals(code: str) -> str:
    """Return the code without quotes, escapes and comments. What was quoted keeps only its word letters."""
    return re.sub(r"[\"'\\]", "", _LITERAL.sub(_plain, code))


def _plain(literal: re.Match[str]) -> str:
    if literal[0] == "\\\n":
        return " "
    if literal[0].startswith("#"):
        return "\n"
    if literal[0].startswith("\\"):
        return "_"
    return re.sub(r"\W", "_", literal["single"] or literal["double"] or "")
