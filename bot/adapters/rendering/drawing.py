"""What a template draws: the parts of a message, and the questions of a form.

The functions below are called inside templates. Each leaves a placeholder in the text, and lays out its piece of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.rendering.mrkdwn import Mrkdwn, Names, flat, plain, typed, without_controls
from bot.domain.message import (
    Button,
    Buttons,
    Context,
    DataChart,
    DataTable,
    Divider,
    Fields,
    Header,
    Message,
    Part,
    Section,
)
from bot.ports import FormField

_PLACE = re.compile("\x02([0-9]+)\x03")
"""The placeholder of a piece in the text. Nobody can type one: `typed` removes control characters."""
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a message and its plain text. A field or button is joined with its neighbours."""

    part: Part | Button | str
    text: str = ""


@dataclass(kw_only=True)
class Drawing:
    """The state of one rendering."""

    names: Names = lambda _person: None
    pieces: list[Piece] = field(default_factory=list)
    title: str = ""
    submit: str = ""
    intro: str | None = None
    questions: list[FormField] = field(default_factory=list)
    rows: list[tuple[str | int, ...]] = field(default_factory=list)
    """The rows of the table or chart that is being drawn."""

    def place(self, piece: Piece) -> Mrkdwn:
        self.pieces.append(piece)
        return Mrkdwn(f"\x02{len(self.pieces) - 1}\x03")


_drawing: ContextVar[Drawing] = ContextVar("_drawing")


@contextmanager
def drawn_on(drawing: Drawing) -> Iterator[Drawing]:
    """Let the functions of templates draw on this."""
    before = _drawing.set(drawing)
    try:
        yield drawing
    finally:
        _drawing.reset(before)


def name_of(person: str) -> str | None:
    """Return a person's name for the reader of this drawing."""
    return _drawing.get().names(person)


def message(source: str, pieces: Sequence[Piece]) -> Message:
    """Return the message of a rendered text, with its pieces in their places."""
    words: list[str] = []
    parts: list[Part] = []
    for position, chunk in enumerate(_PLACE.split(source)):
        if position % 2:
            piece = pieces[int(chunk)]
            words.append(piece.text)
            _join(parts, piece.part)
        elif text := tidy(chunk):
            words.append(text)
            parts.append(Section(text))
    return Message(text="\n".join(filter(None, words)), parts=tuple(parts) if pieces else ())


def _join(parts: list[Part], new: Part | Button | str) -> None:
    """Add a part. Neighbouring buttons share one row, neighbouring fields one table."""
    last = parts[-1] if parts else None
    if isinstance(new, Button) and isinstance(last, Buttons):
        parts[-1] = Buttons((*last.buttons, new))
    elif isinstance(new, str) and isinstance(last, Fields):
        parts[-1] = Fields((*last.texts, new))
    elif isinstance(new, Button):
        parts.append(Buttons((new,)))
    elif isinstance(new, str):
        parts.append(Fields((new,)))
    else:
        parts.append(new)


def tidy(text: str) -> str:
    """Remove spaces at line ends and repeated blank lines. Line by line, because one pattern would be quadratic."""
    lines = (line.rstrip(" \t") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


# --- functions of a message ---------------------------------------------------------------------------------


def header(caller: Callable[[], str]) -> Mrkdwn:
    text = _line(_words(caller))
    return _drawing.get().place(Piece(part=Header(text), text=text)) if text else Mrkdwn()


def fields(caller: Callable[[], str]) -> Mrkdwn:
    """Group fields. Neighbouring fields are joined anyway; the group helps the reader of the template."""
    return Mrkdwn(caller())


def field_(label: str, value: object) -> Mrkdwn:
    name, shown = _line(label), tidy(typed(value))
    return _drawing.get().place(Piece(part=f"*{name}*\n{shown}", text=f"{name}: {shown}"))


def context(caller: Callable[[], str]) -> Mrkdwn:
    text = tidy(_words(caller))
    return _drawing.get().place(Piece(part=Context(text), text=text)) if text else Mrkdwn()


def verbatim(text: object) -> Mrkdwn:
    """Return text unchanged: in a block of code, a blank line may be part of a command."""
    laid_out = typed(text)
    return (
        _drawing.get().place(Piece(part=Section(laid_out), text=laid_out)) if laid_out.strip() else Mrkdwn()
    )


def divider() -> Mrkdwn:
    return _drawing.get().place(Piece(part=Divider()))


def table(caption: str, *columns: object, caller: Callable[[], str]) -> Mrkdwn:
    """Draw a table of the rows called inside; without any, nothing. Its text has a line for each row."""
    title, names, rows = _line(caption), tuple(map(_line, columns)), _rows(caller)
    if not rows:
        return Mrkdwn()
    lines = (f"• {first}: {_pairs(names[1:], others)}" for first, *others in rows)
    text = "\n".join((f"*{title}*", *lines))
    return _drawing.get().place(Piece(part=DataTable(title, names, tuple(rows), text), text=text))


def chart(title: str, caller: Callable[[], str]) -> Mrkdwn:
    """Draw a bar for each row called inside, of a label and a whole number. Its text is two lines."""
    name, rows = _line(title), _rows(caller)
    if not rows:
        return Mrkdwn()
    labels, values = tuple(str(it) for it, _ in rows), tuple(int(it) for _, it in rows)
    text = f"*{name}*\n{' · '.join(f'{label}: {value}' for label, value in rows)}"
    return _drawing.get().place(Piece(part=DataChart(name, labels, values, text), text=text))


def row(*cells: object) -> str:
    """Add a row to the table or chart around it. A whole number stays one; all else becomes words."""
    _drawing.get().rows.append(tuple(it if isinstance(it, int) else _line(it) for it in cells))
    return ""


def _rows(caller: Callable[[], str]) -> list[tuple[str | int, ...]]:
    drawing = _drawing.get()
    drawing.rows = []
    caller()
    return drawing.rows


def _pairs(names: Sequence[str], cells: Sequence[str | int]) -> str:
    return " · ".join(f"{name} {cell}" for name, cell in zip(names, cells, strict=True))


def button(
    label: str,
    *,
    say: str | None = None,
    url: str | None = None,
    style: str | None = None,
    confirm: str | None = None,
    menu: bool = False,
    memory: Mapping[str, Any] | None = None,
) -> Mrkdwn:
    """Draw a button that sends a command or opens a URL; without either, draw nothing. `menu` puts it under ⋯.

    `memory` comes back when it is pressed: see `Button`.
    """
    if not (say or url):
        return Mrkdwn()
    button = Button(
        label=_line(label),
        say=without_controls(say) if say else None,
        url=without_controls(url) if url else None,
        style=style,
        confirm=str(typed(confirm)) if confirm else None,
        in_menu=menu,
        memory=memory or {},
    )
    return _drawing.get().place(Piece(part=button))


def _words(caller: Callable[[], str]) -> Mrkdwn:
    text = Mrkdwn(caller())
    if _PLACE.search(text):
        raise ValueError(f"Words only here, no buttons or other parts: {_PLACE.sub('…', text).strip()}")
    return text


def _line(text: object) -> str:
    """Return one line for places where Slack renders no mentions: people's names instead of ids."""
    return " ".join(flat(text, _drawing.get().names).split())


# --- functions of a form ----------------------------------------------------------------------------------


def title(text: str) -> str:
    _drawing.get().title = _line(text)
    return ""


def submit(text: str) -> str:
    _drawing.get().submit = _line(text)
    return ""


def intro(text: object = None, *, caller: Callable[[], str] | None = None) -> str:
    _drawing.get().intro = tidy(_words(caller) if caller else typed(text)) or None
    return ""


def ask(
    name: str,
    label: str,
    *,
    kind: str = "line",
    hint: str | None = None,
    initial: object = None,
    optional: bool = False,
    options: Sequence[tuple[object, object]] = (),
    max_length: int | None = None,
) -> str:
    """Add a question. `options` are (value, label) pairs; `initial` is the text already in the box, unescaped."""
    question = FormField(
        name=name,
        label=_line(label),
        kind=kind,
        hint=_line(hint) if hint else None,
        initial=plain(initial) if initial is not None else None,
        optional=optional,
        options=tuple((str(value), _line(words)) for value, words in options),
        max_length=max_length,
    )
    _drawing.get().questions.append(question)
    return ""


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    it.__name__: it
    for it in (
        header,
        fields,
        context,
        verbatim,
        divider,
        table,
        chart,
        row,
        button,
        title,
        submit,
        intro,
        ask,
    )
} | {"field": field_}
"""The functions by their names in templates."""
