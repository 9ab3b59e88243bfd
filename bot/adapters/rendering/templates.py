"""Render Jinja templates as Slack messages and forms.

One template is one message. Its output is the plain text. Functions called inside it (`header`, `fields`,
`context`, `divider`, `button`) also lay the same text out as parts, so each fact is in the plain text too.
`mrkdwn.typed` escapes every value, so text that a user typed can't notify a channel.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from jinja2 import Environment, TemplateNotFound

from bot.adapters.rendering.drawing import FUNCTIONS, Drawing, drawn_on, message, name_of
from bot.adapters.rendering.macros import OwnMacros
from bot.adapters.rendering.markdown import MarkdownTemplates
from bot.adapters.rendering.mrkdwn import (
    Mrkdwn,
    Names,
    aware,
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
    until,
)
from bot.adapters.rendering.overrides import (
    FAULTS,
    Folders,
    TemplateMistake,
    must_be_readable,
    start_counting,
)
from bot.adapters.rendering.pages import HtmlPages
from bot.domain.message import Message
from bot.domain.postmortem.document import Document
from bot.domain.postmortem.statistics import Bar
from bot.ports import USUAL_PAGER, USUAL_TRACKER, Clock, Form

D = TypeVar("D")


class UnknownTemplateError(LookupError):
    """No folder has such a template."""


class JinjaTemplates:
    """Templates from these folders; the first folder that has a template wins. Without a clock, times include a date.

    `pager` and `tracker` are the vendors' names. If a team's own template fails, Spy's own is used and the reason is
    put in `mistakes`.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        clock: Clock | None = None,
        pager: str = USUAL_PAGER,
        tracker: str = USUAL_TRACKER,
    ) -> None:
        self._clock = clock
        self.loader = Folders(folders)
        self.environment = _environment(self.loader)
        self.environment.filters |= {"when": self._when, "ago": self._ago, "age": self._age}
        self._markdown = MarkdownTemplates(self.loader)
        self._pages = HtmlPages(
            self.loader, pager=pager, tracker=tracker, told=self._told, written=self._written
        )
        for environment in (self.environment, self._markdown.environment):
            environment.globals |= {"pager": pager, "tracker": tracker}
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

    def page(self, template: str, facts: Mapping[str, Any], *, names: Names, zone: str) -> str:
        """Render a page of the dashboard from `<template>.html.j2`."""
        draw = partial(self._pages.render, template, facts, names=names, zone=zone)
        return self._whole(draw, f"{template}.html.j2", self._pages.environment)

    def _told(self, template: str, facts: Mapping[str, Any], names: Names) -> str:
        return self.render(template, facts, names=names).text

    def _written(self, template: str, facts: Mapping[str, Any], names: Names) -> Document:
        return self.document(template, facts, names=names)

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        """Return an incident's chart as SVG."""
        from bot.adapters.rendering.chart import drawn  # noqa: PLC0415  loaded only when a chart is drawn

        return drawn(title, rows)

    def try_to_read(self, path: str) -> None:
        """Compile a team's own template, and refuse it if its syntax is wrong or a filter does not exist."""
        environment = self._markdown.environment if path.endswith(".md.j2") else self.environment
        if path.startswith("web/"):
            environment = self._pages.environment
        try:
            environment.get_template(path)
        except FAULTS as error:
            if mistake := self.loader.mistake(error, path, environment):
                self.refuse(mistake)

    def is_own(self, template: str) -> bool:
        """Return whether a message may be rendered with a team's own template."""
        return self.loader.touches(f"{template}.j2", self.environment)

    def refuse(self, mistake: TemplateMistake) -> None:
        """Stop using a team's own template, and report the mistake."""
        self.loader.refused.add(mistake.path)
        for environment in (self.environment, self._markdown.environment, self._pages.environment):
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
        drawing = Drawing(names=names)
        written = message(self._text(path, facts, drawing), drawing.pieces)
        if self.loader.find(path):
            must_be_readable(written.text)
        return written

    def _form(self, path: str, facts: Mapping[str, Any]) -> Form:
        drawing = Drawing()
        self._text(path, facts, drawing)
        if not (drawing.title and drawing.submit):
            raise ValueError(f"{path} must call title(…) and submit(…)")
        return Form(
            title=drawing.title, submit=drawing.submit, intro=drawing.intro, fields=tuple(drawing.questions)
        )

    def _text(self, path: str, facts: Mapping[str, Any], drawing: Drawing) -> str:
        start_counting()
        with drawn_on(drawing):
            try:
                return self.environment.get_template(path).render(facts)
            except TemplateNotFound as missing:
                sought = ", ".join(str(folder / str(missing.name)) for folder in self.loader.folders)
                raise UnknownTemplateError(f"No template {missing.name}: looked for {sought}") from missing

    def _when(self, at: datetime | str | None) -> Mrkdwn:
        if at is None:
            return Mrkdwn()
        return moment(aware(at), now=self._clock.now() if self._clock else None)

    def _age(self, at: datetime | str) -> Mrkdwn:
        """Return a time that Slack shows as *25 minutes ago* when it is read; the plain time elsewhere."""
        return moment(aware(at), now=self._clock.now() if self._clock else None, form="{ago}")

    def _ago(self, since: datetime | timedelta | float | str | None) -> Mrkdwn:
        """Return how long ago a time was (this needs the clock), or a duration in words."""
        if not isinstance(since, datetime | str):
            return span(since)
        if self._clock is None:
            raise TypeError("`ago` of a moment needs a clock")
        return span(self._clock.now() - aware(since))


# --- filters ----------------------------------------------------------------------------------------------


def _person(person: str | None) -> Mrkdwn:
    """Return a person's name, which notifies nobody; mention them if the name is not known."""
    if not person:
        return Mrkdwn()
    name = name_of(person)
    return Mrkdwn(flat(name)) if name else mention(person)


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
    kept = {name: environment.globals[name] for name in ("range", "dict", "namespace")}
    environment.globals = {**kept, **FUNCTIONS, "plural": plural, "link": link}
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
        "span": span,
        "until": until,
        "plain": plain,
        "pages": _pages,
        "zipped": lambda words: [(word, word) for word in words],
    }
    return environment
