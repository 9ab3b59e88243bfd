"""Render Jinja templates as Slack messages and forms.

One template is one message. Its output is the plain text. Functions called inside it (`header`, `fields`,
`context`, `divider`, `button`) also lay the same text out as parts, so each fact is in the plain text too.
`mrkdwn.typed` escapes every value, so text that a user typed can't notify a channel.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from jinja2 import Environment, TemplateNotFound

from bot.adapters.rendering.macros import OwnMacros
from bot.adapters.rendering.markdown import MarkdownTemplates
from bot.adapters.rendering.mrkdwn import (
    Mrkdwn,
    Names,
    block,
    bold,
    channel,
    clip,
    code,
    flat,
    link,
    mention,
    moment,
    plain,
    plural,
    quote,
    span,
    spoken,
    typed,
    unit_end,
    without_controls,
)
from bot.adapters.rendering.overrides import (
    FAULTS,
    Folders,
    TemplateMistake,
    must_be_readable,
    start_counting,
)
from bot.domain.message import Button, Buttons, Context, Divider, Fields, Header, Message, Part, Section
from bot.domain.postmortem.document import Document
from bot.domain.postmortem.statistics import Bar
from bot.ports import Clock, Form, FormField

_PLACE = re.compile("\x02([0-9]+)\x03")
"""The placeholder of a piece in the text. Nobody can type one: `typed` removes control characters."""


D = TypeVar("D")

_BLANK_LINES = re.compile(r"\n{3,}")


class UnknownTemplateError(LookupError):
    """No folder has such a template."""


class JinjaTemplates:
    """Templates from these folders; the first folder that has a template wins. Without a clock, times include a date.

    If a team's own template fails, Spy's own is used and the reason is put in `mistakes`.
    """

    def __init__(self, folders: Sequence[Path], *, clock: Clock | None = None) -> None:
        self._clock = clock
        self.loader = Folders(folders)
        self.environment = _environment(self.loader)
        self.environment.filters |= {"when": self._when, "ago": self._ago, "age": self._age}
        self._markdown = MarkdownTemplates(self.loader)
        self.mistakes = SimpleQueue[TemplateMistake]()
        """Mistakes of refused templates, each once, until a caller takes them from here."""

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Names = lambda _person: None
    ) -> Message:
        """Render a message. `names` returns a person's name by Slack id, or None if it is not known."""
        draw = partial(self._message, f"{template}.j2", facts, names)
        return self._whole(draw, f"{template}.j2", self.environment)

    def words(self, template: str, facts: Mapping[str, Any], *, names: Names = lambda _person: None) -> str:
        """Render a message as plain text for readers outside Slack: names instead of ids, nothing escaped."""
        return spoken(self.render(template, facts, names=names).text, names)

    def form(self, template: str, facts: Mapping[str, Any]) -> Form:
        """Render a form from `<template>.form.j2`."""
        draw = partial(self._form, f"{template}.form.j2", facts)
        return self._whole(draw, f"{template}.form.j2", self.environment)

    def document(
        self, template: str, facts: Mapping[str, Any], *, names: Names = lambda _person: None
    ) -> Document:
        """Render a Markdown document from `<template>.md.j2`."""
        draw = partial(self._markdown.document, template, facts, names=names)
        return self._whole(draw, f"{template}.md.j2", self._markdown.environment)

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        """Return an incident's chart as SVG."""
        from bot.adapters.rendering.chart import drawn  # noqa: PLC0415  loaded only when a chart is drawn

        return drawn(title, rows)

    def try_to_read(self, path: str) -> None:
        """Compile a team's own template, and refuse it if its syntax is wrong or a filter does not exist."""
        environment = self._markdown.environment if path.endswith(".md.j2") else self.environment
        if path.startswith("web/"):
            environment = Environment(loader=self.loader)  # noqa: S701  only compiled here, not rendered
        self._whole(partial(environment.get_template, path), path, environment)

    def is_own(self, template: str) -> bool:
        """Return whether a message may be rendered with a team's own template."""
        return self.loader.touches(f"{template}.j2", self.environment)

    def refuse(self, mistake: TemplateMistake) -> None:
        """Stop using a team's own template, and report the mistake."""
        self.loader.refused.add(mistake.path)
        for environment in (self.environment, self._markdown.environment):
            if environment.cache is not None:
                environment.cache.clear()
        self.mistakes.put(mistake)

    def _whole(self, draw: Callable[[], D], path: str, environment: Environment) -> D:
        """Render. If a team's own template fails, refuse it and render again."""
        while True:
            try:
                return draw()
            except FAULTS as error:
                mistake = self.loader.mistake(error, path, environment)
                if mistake is None:
                    raise
                self.refuse(mistake)

    def _message(self, path: str, facts: Mapping[str, Any], names: Names) -> Message:
        drawing = _Drawing(names=names)
        message = _message(self._drawn(path, facts, drawing), drawing.pieces)
        if self.loader.find(path):
            must_be_readable(message.text)
        return message

    def _form(self, path: str, facts: Mapping[str, Any]) -> Form:
        drawing = _Drawing()
        self._drawn(path, facts, drawing)
        if not (drawing.title and drawing.submit):
            raise ValueError(f"{path} must call title(…) and submit(…)")
        return Form(
            title=drawing.title, submit=drawing.submit, intro=drawing.intro, fields=tuple(drawing.questions)
        )

    def _drawn(self, path: str, facts: Mapping[str, Any], drawing: "_Drawing") -> str:
        start_counting()
        before = _drawing.set(drawing)
        try:
            return self.environment.get_template(path).render(facts)
        except TemplateNotFound as missing:
            sought = ", ".join(str(folder / str(missing.name)) for folder in self.loader.folders)
            raise UnknownTemplateError(f"No template {missing.name}: looked for {sought}") from missing
        finally:
            _drawing.reset(before)

    def _when(self, at: datetime | str | None) -> Mrkdwn:
        if at is None:
            return Mrkdwn()
        return moment(_aware(at), now=self._clock.now() if self._clock else None)

    def _age(self, at: datetime | str) -> Mrkdwn:
        """Return a time that Slack shows as *25 minutes ago* when it is read; the plain time elsewhere."""
        return moment(_aware(at), now=self._clock.now() if self._clock else None, form="{ago}")

    def _ago(self, since: datetime | timedelta | float | str | None) -> Mrkdwn:
        """Return how long ago a time was (this needs the clock), or a duration in words."""
        if not isinstance(since, datetime | str):
            return _span(since)
        if self._clock is None:
            raise TypeError("`ago` of a moment needs a clock")
        return span(self._clock.now() - _aware(since))


# --- parts of a message -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A part of a message and its plain text. A field or button is joined with its neighbours."""

    part: Part | Button | str
    text: str = ""


@dataclass(kw_only=True)
class _Drawing:
    """The state of one rendering."""

    names: Names = lambda _person: None
    pieces: list[_Piece] = field(default_factory=list)
    title: str = ""
    submit: str = ""
    intro: str | None = None
    questions: list[FormField] = field(default_factory=list)

    def place(self, piece: _Piece) -> Mrkdwn:
        self.pieces.append(piece)
        return Mrkdwn(f"\x02{len(self.pieces) - 1}\x03")


_drawing: ContextVar[_Drawing] = ContextVar("_drawing")


def _message(source: str, pieces: Sequence[_Piece]) -> Message:
    words: list[str] = []
    parts: list[Part] = []
    for position, chunk in enumerate(_PLACE.split(source)):
        if position % 2:
            piece = pieces[int(chunk)]
            words.append(piece.text)
            _join(parts, piece.part)
        elif text := _tidy(chunk):
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


def _tidy(text: str) -> str:
    """Remove spaces at line ends and repeated blank lines. Line by line, because one pattern would be quadratic."""
    lines = (line.rstrip(" \t") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


# --- functions of a message -------------------------------------------------------------------------------


def _header(caller: Callable[[], str]) -> Mrkdwn:
    text = _line(_words(caller))
    return _drawing.get().place(_Piece(part=Header(text), text=text)) if text else Mrkdwn()


def _fields(caller: Callable[[], str]) -> Mrkdwn:
    """Group fields. Neighbouring fields are joined anyway; the group helps the reader of the template."""
    return Mrkdwn(caller())


def _field(label: str, value: object) -> Mrkdwn:
    name, said = _line(label), _tidy(typed(value))
    return _drawing.get().place(_Piece(part=f"*{name}*\n{said}", text=f"{name}: {said}"))


def _context(caller: Callable[[], str]) -> Mrkdwn:
    text = _tidy(_words(caller))
    return _drawing.get().place(_Piece(part=Context(text), text=text)) if text else Mrkdwn()


def _verbatim(text: object) -> Mrkdwn:
    """Return text unchanged: in a block of code, a blank line may be part of a command."""
    laid_out = typed(text)
    return (
        _drawing.get().place(_Piece(part=Section(laid_out), text=laid_out)) if laid_out.strip() else Mrkdwn()
    )


def _divider() -> Mrkdwn:
    return _drawing.get().place(_Piece(part=Divider()))


def _button(
    label: str,
    *,
    say: str | None = None,
    url: str | None = None,
    style: str | None = None,
    confirm: str | None = None,
    menu: bool = False,
) -> Mrkdwn:
    """Draw a button that sends a command or opens a URL; without either, draw nothing. `menu` puts it under ⋯."""
    if not (say or url):
        return Mrkdwn()
    button = Button(
        label=_line(label),
        say=without_controls(say) if say else None,
        url=without_controls(url) if url else None,
        style=style,
        confirm=str(typed(confirm)) if confirm else None,
        in_menu=menu,
    )
    return _drawing.get().place(_Piece(part=button))


def _words(caller: Callable[[], str]) -> Mrkdwn:
    text = Mrkdwn(caller())
    if _PLACE.search(text):
        raise ValueError(f"Words only here, no buttons or other parts: {_PLACE.sub('…', text).strip()}")
    return text


def _line(text: object) -> str:
    """Return one line for places where Slack renders no mentions: people's names instead of ids."""
    return " ".join(flat(text, _drawing.get().names).split())


# --- functions of a form ----------------------------------------------------------------------------------


def _title(text: str) -> str:
    _drawing.get().title = _line(text)
    return ""


def _submit(text: str) -> str:
    _drawing.get().submit = _line(text)
    return ""


def _intro(text: object = None, *, caller: Callable[[], str] | None = None) -> str:
    _drawing.get().intro = _tidy(_words(caller) if caller else typed(text)) or None
    return ""


def _ask(
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


# --- filters ----------------------------------------------------------------------------------------------


def _person(person: str | None) -> Mrkdwn:
    """Return a person's name, which notifies nobody; mention them if the name is not known."""
    if not person:
        return Mrkdwn()
    name = _drawing.get().names(person)
    return Mrkdwn(flat(name)) if name else mention(person)


def _span(length: timedelta | float | None) -> Mrkdwn:
    if length is None:
        return Mrkdwn()
    return span(length if isinstance(length, timedelta) else timedelta(seconds=length))


def _until(start: datetime | str, end: datetime | str) -> Mrkdwn:
    """Return the length of time from start to end, in words."""
    return span(_aware(end) - _aware(start))


def _aware(at: datetime | str) -> datetime:
    moment_ = datetime.fromisoformat(at) if isinstance(at, str) else at
    if moment_.tzinfo is None:
        raise ValueError(f"{moment_} names no time zone")
    return moment_


def _pages(value: object, most: int, *, limit: int = 3) -> list[Mrkdwn]:
    """Cut a long text at line ends into at most `limit` pieces of `most` characters. The rest is dropped."""
    text, pieces = str(typed(value)), list[Mrkdwn]()
    while text and len(pieces) < limit:
        end = (
            len(text) if len(text) <= most else text.rfind("\n", 0, most) + 1 or unit_end(text, most) or most
        )
        pieces.append(Mrkdwn(text[:end].rstrip()))
        text = text[end:]
    return pieces


# --- the environment --------------------------------------------------------------------------------------


class _MessageEnvironment(OwnMacros):
    own = Mrkdwn


def _environment(loader: Folders) -> Environment:
    environment = _MessageEnvironment(loader, finalize=typed)
    environment.globals = {
        "header": _header,
        "fields": _fields,
        "field": _field,
        "context": _context,
        "verbatim": _verbatim,
        "divider": _divider,
        "button": _button,
        "title": _title,
        "submit": _submit,
        "intro": _intro,
        "ask": _ask,
        "plural": plural,
        "link": link,
    } | {name: environment.globals[name] for name in ("range", "dict", "namespace")}
    environment.filters |= {
        "typed": typed,
        "person": _person,
        "mention": mention,
        "channel": channel,
        "link": link,
        "bold": bold,
        "quote": quote,
        "clip": clip,
        "code": code,
        "block": block,
        "span": _span,
        "until": _until,
        "plain": plain,
        "pages": _pages,
        "zipped": lambda words: [(word, word) for word in words],
    }
    return environment
