"""The templates in use. A changed set of files replaces them between two messages."""

from collections.abc import Mapping, Sequence
from queue import SimpleQueue
from typing import Any

from bot.adapters.rendering.mrkdwn import Names
from bot.adapters.rendering.overrides import TemplateMistake
from bot.adapters.rendering.templates import JinjaTemplates
from bot.domain.message import Message
from bot.domain.postmortem.document import Document
from bot.domain.postmortem.statistics import Bar
from bot.ports import Form


def nobody(_person: str) -> None:
    """Know nobody's name."""


class CurrentTemplates:
    """Renders with the newest templates. Each message is rendered with one set of them."""

    def __init__(self, templates: JinjaTemplates) -> None:
        self.now = templates

    def swap(self, templates: JinjaTemplates) -> None:
        """Use these from now on."""
        self.now = templates

    @property
    def mistakes(self) -> SimpleQueue[TemplateMistake]:
        return self.now.mistakes

    def render(self, template: str, facts: Mapping[str, Any], *, names: Names = nobody) -> Message:
        return self.now.render(template, facts, names=names)

    def words(self, template: str, facts: Mapping[str, Any], *, names: Names = nobody) -> str:
        return self.now.words(template, facts, names=names)

    def form(self, template: str, facts: Mapping[str, Any]) -> Form:
        return self.now.form(template, facts)

    def document(self, template: str, facts: Mapping[str, Any], *, names: Names = nobody) -> Document:
        return self.now.document(template, facts, names=names)

    def page(self, template: str, facts: Mapping[str, Any], *, names: Names, zone: str) -> str:
        return self.now.page(template, facts, names=names, zone=zone)

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        return self.now.picture(title, rows)
