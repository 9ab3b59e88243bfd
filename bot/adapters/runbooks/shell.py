"""Find what surrounds each value in a shell command, and quote values.

Only the necessary part of the shell's grammar is read: quotes, comments, here-documents, and which word is the
command. If two cases can't be distinguished, the more dangerous one is assumed.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PREFIXES = frozenset(
    "sudo env exec nohup time nice command builtin then do else elif if while until ! { watch xargs".split()  # noqa: SIM905  reads as one
)
"""Words that are followed by a command."""
READERS = frozenset(
    [
        "eval",
        "source",
        "let",
        "expr",
        "ssh",
        "su",
        "watch",
        "xargs",
        "parallel",
        "sh",
        "bash",
        "zsh",
        "dash",
        "ksh",
        "fish",
        "python",
        "python3",
        "perl",
        "ruby",
        "node",
        "php",
        "awk",
        "sed",
        "psql",
        "mysql",
        "sqlite3",
        "redis-cli",
        "mongosh",
        "pwsh",
        "-exec",
        "-eq",
        "-ne",
        "-lt",
        "-le",
        "-gt",
        "-ge",
    ]
)
"""Programs and options that read their arguments or input as code of their own."""

_ASSIGNMENT = re.compile(r"\w+\+?=")
_ARITHMETIC = re.compile(r"\$?\(\(")
_NAMES = re.compile(r"[\w.-]+")
_PLAIN_EXPANSION = re.compile(r"\$\{[\w#!@*?:/%.,^-]*\}")
_CLOSING = {"'": "'", "$'": "'", '"': '"', "`": "`", "${": "\n", "((": "))", "#": "\n"}
"""What closes each. An expansion with quotes or spaces in it is assumed to last until the end of its line."""


@dataclass(frozen=True, kw_only=True)
class ShellContext:
    """The place of a value. `inside` is what encloses it: "" for nothing, else a quote, #, > or <<.

    `leads`: the value would be the command itself. `begins`: it is the start of a word.
    `reader`: the program on the same line that may read it as code.
    """

    inside: str = ""
    leads: bool = False
    begins: bool = False
    reader: str | None = None


def quoted(value: str) -> str:
    """Return a value quoted as one shell word. It never has three backticks in a row: in chat they end the block."""
    word = shlex.quote(value)
    word = f"'{value}'" if word == value else word  # zsh would look for a program in =ls
    return word.replace("``", "``''")


def contexts(code: str, marks: re.Pattern[str]) -> Mapping[str, ShellContext]:
    """Return the context of each mark in the code."""
    return dict(_ShellWalk(code, marks).walk())


@dataclass
class _ShellWalk:
    code: str
    marks: re.Pattern[str]
    at: int = 0
    around: list[str] = field(default_factory=list)
    """What is open, innermost last: a key of _CLOSING, or ( for a command substitution."""
    word: str = ""
    words: list[str] = field(default_factory=list)
    is_target: bool = False
    """Whether the word is the target of a redirection; bash has special rules for one after >&."""

    def walk(self) -> Iterator[tuple[str, ShellContext]]:
        while self.at < len(self.code):
            if found := self.marks.match(self.code, self.at):
                yield found[0], self._stand()
                self.word += found[0]
                self.at = found.end()
            elif self.around and self.around[-1] != "(":
                self._within(self.around[-1])
            elif self._begins_heredoc():
                for found in self.marks.finditer(self.code, self.at):
                    yield found[0], ShellContext(inside="<<", reader=self._reader())
                return
            else:
                self._bare()

    def _begins_heredoc(self) -> bool:
        """Return whether a here-document begins. All the rest of the code is assumed to be inside it."""
        return self.code.startswith("<<", self.at) and not self.code.startswith("<<<", self.at)

    def _stand(self) -> ShellContext:
        inside = next((it for it in reversed(self.around) if it != "("), "")
        if self.around and self.around[-1] == "(":
            inside = "`" if "`" in self.around else ""
        return ShellContext(
            inside=inside or (">" if self.is_target else ""),
            leads=not (self.word or self.is_target)
            and all(it in PREFIXES or _ASSIGNMENT.match(it) for it in self.words),
            begins=not self.word,
            reader=self._reader(),
        )

    def _reader(self) -> str | None:
        """Return the first word on this line, continued lines included, that reads text as code; else None."""
        start, end = self.at, self.at
        while (start := self.code.rfind("\n", 0, start)) > 0 and self._goes_on(start):
            pass
        while (end := self.code.find("\n", end)) >= 0 and self._goes_on(end):
            end += 1
        line = self.marks.sub(" ", self.code[start + 1 : end if end >= 0 else None])
        return next((it for it in _NAMES.findall(line) if it in READERS), None)

    def _goes_on(self, end: int) -> bool:
        """Return whether the line that ends here continues on the next line."""
        return self.code[:end].rstrip(" \t")[-1:] in {"\\", "|", "&"}

    def _within(self, opened: str) -> None:
        """Read on inside quotes, a comment or an expansion."""
        letter = self.code[self.at]
        if letter == "\\" and opened in {'"', "$'", "`"}:
            self.at += 2
        elif opened == '"' and self.code.startswith("$(", self.at):
            self._open("(", 2)
            self._end_command()
        elif opened == '"' and self.code.startswith("${", self.at):
            self._expansion()
        elif opened == '"' and letter == "`":
            self._open("`", 1)
        elif self.code.startswith(_CLOSING[opened], self.at):
            self.around.pop()
            self.at += 0 if letter == "\n" else len(_CLOSING[opened])  # a line end also ends the command
        else:
            self.word += letter
            self.at += 1

    def _bare(self) -> None:  # noqa: C901, PLR0912  a table
        """Read on outside of quotes."""
        letter, pair = self.code[self.at], self.code[self.at : self.at + 2]
        if pair == "\\\n" or letter in " \t":
            self._end_word()
            self.at += len(pair) if pair == "\\\n" else 1
        elif letter == "\\":
            self.word += pair[1:]
            self.at += 2
        elif letter == "#" and not self.word:
            self._open("#", 1)
        elif pair == "${":
            self._expansion()
        elif pair == "$'":
            self._open(pair, 2)
        elif letter in "'\"`":
            self._open(letter, 1)
        elif arithmetic := _ARITHMETIC.match(self.code, self.at):
            self._open("((", len(arithmetic[0]))
        elif pair == "$(" or letter == "(":
            self._open("(", len(pair) if pair == "$(" else 1)
            self._end_command()
        elif letter == ")":
            if self.around:
                self.around.pop()
            self._end_word()
            self.at += 1
        elif self.code.startswith("<<<", self.at):
            self._end_word()
            self.at += 3
        elif letter in "<>":
            self.word = "" if self.word.isdigit() else self.word
            self._end_word()
            self.is_target = True
            self.at += 1
        elif letter in "\n;|" or (letter == "&" and not self._redirects()):
            self._end_command()
            self.at += 1
        elif letter == "&":
            self.at += 1
        else:
            self.word += letter
            self.at += 1

    def _expansion(self) -> None:
        """Skip a plain ${name}. Treat any other expansion as open until the end of its line."""
        plain = _PLAIN_EXPANSION.match(self.code, self.at)
        if plain and not self.marks.search(plain[0]):
            self.word += plain[0]
            self.at = plain.end()
        else:
            self._open("${", 2)

    def _redirects(self) -> bool:
        return self.code[self.at - 1 : self.at] in {">", "<"} or self.code[self.at + 1 : self.at + 2] == ">"

    def _open(self, what: str, length: int) -> None:
        self.around.append(what)
        self.at += length

    def _end_word(self) -> None:
        if self.word:
            self.words.extend([] if self.is_target else [self.word])
            self.word, self.is_target = "", False

    def _end_command(self) -> None:
        self.words.clear()
        self.word, self.is_target = "", False
