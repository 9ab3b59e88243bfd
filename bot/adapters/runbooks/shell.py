"""Where a value stands among a shell's words, and the value as one of them.

The shell's grammar is read as far as it tells a value's surroundings: quotes, comments, here-documents, and
which word is the command. What is not told apart here is treated as the more dangerous of the two.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PREFIXES = frozenset(
    "sudo env exec nohup time nice command builtin then do else elif if while until ! { watch xargs".split()  # noqa: SIM905  reads as one
)
"""Words after which comes a command."""
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
"""What reads its words or its input a second time, as a program in a language of its own."""

_ASSIGNMENT = re.compile(r"\w+\+?=")
_ARITHMETIC = re.compile(r"\$?\(\(")
_NAMES = re.compile(r"[\w.-]+")
_PLAIN_EXPANSION = re.compile(r"\$\{[\w#!@*?:/%.,^-]*\}")
_CLOSING = {"'": "'", "$'": "'", '"': '"', "`": "`", "${": "\n", "((": "))", "#": "\n"}
"""What ends each; an expansion with quotes or blanks in it is taken to go on to the end of its line."""


@dataclass(frozen=True, kw_only=True)
class ShellContext:
    """A value's place: `inside` is what encloses it ("" for a word of its own, else a quote, #, > or <<).

    `leads`: it would be the command itself. `begins`: it begins its word. `reader`: what may read it again.
    """

    inside: str = ""
    leads: bool = False
    begins: bool = False
    reader: str | None = None


def quoted(value: str) -> str:
    """Return a value as one word of a shell. Two backticks never touch a third: in chat that would end the block."""
    word = shlex.quote(value)
    word = f"'{value}'" if word == value else word  # zsh would look for a program in =ls
    return word.replace("``", "``''")


def contexts(code: str, marks: re.Pattern[str]) -> Mapping[str, ShellContext]:
    """Say of each mark where it stands in the code."""
    return dict(_ShellWalk(code, marks).walk())


@dataclass
class _ShellWalk:
    code: str
    marks: re.Pattern[str]
    at: int = 0
    around: list[str] = field(default_factory=list)
    """What is open: a key of _CLOSING, or ( for a command within a command."""
    word: str = ""
    words: list[str] = field(default_factory=list)
    is_target: bool = False
    """Whether the word is where a redirection leads: bash reads one behind >& by rules of its own."""

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
        """Whether a here-document comes; where it ends is for a shell to say, so all the rest is taken to be in it."""
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
        """Find on this line, however it is broken, what would read a text again."""
        start, end = self.at, self.at
        while (start := self.code.rfind("\n", 0, start)) > 0 and self._goes_on(start):
            pass
        while (end := self.code.find("\n", end)) >= 0 and self._goes_on(end):
            end += 1
        line = self.marks.sub(" ", self.code[start + 1 : end if end >= 0 else None])
        return next((it for it in _NAMES.findall(line) if it in READERS), None)

    def _goes_on(self, end: int) -> bool:
        """Whether the line that ends here goes on in the next."""
        return self.code[:end].rstrip(" \t")[-1:] in {"\\", "|", "&"}

    def _within(self, opened: str) -> None:
        """Go on inside quotes, a comment or an expansion."""
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
            self.at += 0 if letter == "\n" else len(_CLOSING[opened])  # the line's end is the shell's too
        else:
            self.word += letter
            self.at += 1

    def _bare(self) -> None:  # noqa: C901, PLR0912  a table
        """Go on outside of any quotes."""
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
        """Step over ${name}; whatever is more than that is not looked into."""
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
