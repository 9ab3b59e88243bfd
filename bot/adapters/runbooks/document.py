"""Render a filled-in runbook: parse its Markdown, then insert each value, quoted for the place it is in."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.adapters.runbooks.mistakes import Misplaced
from bot.adapters.runbooks.shell import calculates, is_argument, is_assigned, is_command, quoted, reader_in
from bot.adapters.runbooks.template import Marked, Placeholder, Trust
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import is_plain

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SHELLS = frozenset({"", "sh", "bash", "shell", "zsh"})
"""Languages behind ``` that mean a shell. In a block of another language, only plain words may be inserted."""
UNKNOWN = "not known yet"
FENCE = "```"
CODE = frozenset({"fence", "code_block", "code_inline"})
LOOKS_LIKE_A_BACKTICK = "\u02cb"
"""Replaces a backtick, which would open code in chat."""

_LEADING = re.compile(r"https?://[^/?#]*")


def markdown() -> "MarkdownIt":
    """Return a CommonMark parser without HTML and without images, which would be loaded from other servers."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  loaded only if there is a runbook

    return MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])


def placed(marked: Marked) -> "list[Token]":
    """Return the parsed text with its values inserted.

    Raise Misplaced if a value is in a place where it could become code or markup.
    Raise Refusal if a command needs a value that is not known, or one that starts with -.
    """
    tokens = markdown().parse(marked.text)
    place = _Placing(marked)
    for token in tokens:
        place.into(token)
    return tokens


def expressions_in_code(marked: Marked) -> Iterator[Placeholder]:
    """Yield the placeholders in commands that are more than a name."""
    tokens = markdown().parse(marked.text)
    for token in (inner for it in tokens for inner in (it, *(it.children or ()))):
        for mark in marked.marks.findall(token.content) if token.type in CODE else ():
            placeholder, _ = marked.values[mark]
            if not placeholder.is_name:
                yield placeholder


@dataclass(frozen=True)
class _Placing:
    marked: Marked

    def into(self, token: "Token") -> None:
        for child in token.children or ():
            self.into(child)
        if "href" in token.attrs:
            token.attrs["href"] = self._address(str(token.attrs["href"]))
        if token.type == "fence":
            self._none_in(token.info, "as the language of a block")
            language = (token.info.split() or [""])[0].casefold()
            token.content = self._block(token.content, is_shell=language in SHELLS)
        elif token.type == "code_block":
            token.content = self._block(token.content, is_shell=True)
        elif token.type == "code_inline":
            token.content = self._inline(token.content)
        elif token.type == "text":
            token.content = self._each(token.content, lambda _found, _placeholder, value: _prose(value))
        self._none_in(str(token.attrs.get("title", "")), "in a link's title")

    def _each(self, text: str, render: Callable[[re.Match[str], Placeholder, str | None], str]) -> str:
        return self.marked.marks.sub(lambda found: render(found, *self.marked.values[found[0]]), text)

    def _none_in(self, text: str, where: str) -> None:
        def misplaced(_found: re.Match[str], placeholder: Placeholder, _value: str | None) -> str:
            raise Misplaced(placeholder.line, f"{{{{ {placeholder.words} }}}} can't stand {where}.")

        self._each(text, misplaced)

    # --- code ---

    def _block(self, code: str, *, is_shell: bool) -> str:
        filled = self._shell(code) if is_shell else self._each(code, _in_other)
        if FENCE in filled:
            near = next(line for line in filled.splitlines() if FENCE in line)
            raise Misplaced(None, f"a block of code with {FENCE} in it can't be shown in chat.", near=near)
        return filled

    def _shell(self, code: str) -> str:
        """Insert what the author wrote first: it may name a program that reads the other values."""
        ours = self._each(code, _ours)
        return self._each(ours, partial(_in_shell, reader=reader_in(ours), has_arithmetic=calculates(ours)))

    def _inline(self, code: str) -> str:
        filled = self._each(self._each(code, _ours), _in_line)
        if "`" in filled:
            raise Misplaced(
                None, f"code with a backtick in it needs a block of its own ({FENCE}).", near=filled
            )
        return filled

    # --- links ---

    def _address(self, href: str) -> str:
        """Insert values into a URL. Raise Misplaced if a value could change its host."""
        leading = _LEADING.match(href)
        ends_in_value = leading and re.search(rf"(?:{self.marked.marks.pattern})(?::\d+)?$", leading[0])
        if ends_in_value or not leading:
            self._none_in(
                href, "where it could say where a link leads: write https:// and the host before it"
            )

        def quoted(_found: re.Match[str], placeholder: Placeholder, value: str | None) -> str:
            return quote(_known(placeholder, value), safe="")

        return self._each(href, quoted)


def _prose(value: str | None) -> str:
    """Return a value on one line, so that it can't begin a list, a quotation or a block."""
    return UNKNOWN if value is None else " ".join(value.split())


def _known(placeholder: Placeholder, value: str | None) -> str:
    """Return the value. Raise Refusal if it is not known, so that nobody runs half a command."""
    if value is None or not value.strip():
        raise Refusal(
            f"A command in this runbook needs {placeholder.words}, which is {UNKNOWN}. Set it first."
        )
    return value


def _ours(found: re.Match[str], placeholder: Placeholder, value: str | None) -> str:
    is_ours = placeholder.trust is Trust.OURS and is_plain(_known(placeholder, value))
    return value if value and is_ours else found[0]


def _in_other(_found: re.Match[str], placeholder: Placeholder, value: str | None) -> str:
    if is_plain(known := _known(placeholder, value)):
        return known
    raise Misplaced(
        placeholder.line,
        f"{{{{ {placeholder.words} }}}} may be any text, which only a block for the shell can hold: "
        "let it be a word, a number or a choice.",
    )


def _in_line(found: re.Match[str], placeholder: Placeholder, value: str | None) -> str:
    if is_plain(_known(placeholder, value)):
        return _in_shell(found, placeholder, value)
    raise Misplaced(
        placeholder.line,
        f"{{{{ {placeholder.words} }}}} may be any text: it needs a block of code ({FENCE}), not a line.",
    )


def _in_shell(
    found: re.Match[str],
    placeholder: Placeholder,
    value: str | None,
    *,
    reader: str | None = None,
    has_arithmetic: bool = False,
) -> str:
    """Return a value for a shell command: a plain word as it is, any other text quoted as one argument.

    Raise Misplaced if it would be the command itself, is no argument of its own, or would be read as a program.
    """
    known, what = _known(placeholder, value), f"{{{{ {placeholder.words} }}}}"
    before, after = found.string[: found.start()], found.string[found.end() :]
    reader = "arithmetic" if has_arithmetic and is_assigned(before) else reader
    if reader and not is_plain(known):
        raise Misplaced(
            placeholder.line,
            f"{reader} would read {what} a second time, as a program: let it be a word, a number or a choice.",
        )
    if placeholder.trust is not Trust.OURS and is_command(before, after):
        raise Misplaced(
            placeholder.line,
            f"{what} would be the command itself, or could be: let it be a choice, or write the command.",
        )
    if is_plain(known):
        return known
    if not is_argument(before, after):
        raise Misplaced(
            placeholder.line,
            f"{what} may be any text, so it must be an argument of its own, without quotes: write it as the block's "
            f'first line, said={what}, and use "$said" here; or let it be a word, a number or a choice.',
        )
    if known.startswith("-") and not before.endswith("="):
        raise Refusal(
            f"{placeholder.words} starts with -, so a command would read it as an option. Start it with a letter."
        )
    return quoted(known)


# --- for Slack --------------------------------------------------------------------------------------------


def blocks(tokens: "Sequence[Token]") -> Iterator[str]:
    """Return the document as Slack's mrkdwn, fully escaped, one block at a time."""
    writer = _Writer()
    for token in tokens:
        if written := writer.write(token):
            yield written


def as_line(value: str) -> str:
    """Return a value as mrkdwn on one line, without backticks."""
    return escape(_prose(value), quote=False).replace("`", LOOKS_LIKE_A_BACKTICK)


class _Writer:
    """Writes blocks, and tracks the open lists and quotations around them."""

    def __init__(self) -> None:
        self._lists: list[int | None] = []
        """The next number of each open list; None for bullets."""
        self._marker = ""
        self._quotes = 0
        self._is_heading = False

    def write(self, token: "Token") -> str:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._marker = self._next_marker()
            case "blockquote_open" | "blockquote_close":
                self._quotes += token.nesting
            case "heading_open" | "heading_close":
                self._is_heading = token.nesting > 0
            case "inline":
                words = _inline(token.children or ())
                return self._laid_out(f"*{words.replace('*', '')}*" if self._is_heading else words)
            case "fence" | "code_block":
                return f"{FENCE}\n{escape(token.content.rstrip(), quote=False)}\n{FENCE}"
            case "hr":
                return "———"
        return ""

    def _next_marker(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "• "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _laid_out(self, words: str) -> str:
        indent = "    " * max(0, len(self._lists) - 1)
        first, self._marker = f"{indent}{self._marker}", ""
        rest = "    " * len(self._lists)
        lines = words.split("\n")
        laid = [f"{first or rest}{lines[0]}", *(f"{rest}{line}" for line in lines[1:])]
        return "\n".join(f">{line}" if self._quotes else line for line in laid)


def _inline(children: "Sequence[Token]") -> str:
    return "".join(map(_piece, children))


def _piece(token: "Token") -> str:  # noqa: PLR0911  a table
    match token.type:
        case "text":
            return escape(token.content, quote=False).replace("`", LOOKS_LIKE_A_BACKTICK)
        case "code_inline":
            return f"`{escape(token.content, quote=False)}`"
        case "softbreak" | "hardbreak":
            return "\n"
        case "strong_open" | "strong_close":
            return "*"
        case "em_open" | "em_close":
            return "_"
        case "link_open":
            return f"<{_in_link(str(token.attrs['href']))}|"
        case "link_close":
            return ">"
        case _:
            return ""


def _in_link(address: str) -> str:
    return escape(address, quote=False).replace("|", "%7C")
