"""Render the public status page, its history and its feed, from templates/web."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from bot.adapters.rendering.overrides import BoundedLoops, Folders, start_counting

STYLE = "web/status.css.j2"


class StatusPages:
    """Pages from the templates in these folders; the first folder that has a template wins."""

    def __init__(self, folders: Folders) -> None:
        self._environment = BoundedLoops(
            loader=folders, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters |= {"moment": _moment, "day": _day, "iso": _iso, "lines": _lines}

    def render(self, template: str, **facts: Any) -> str:
        """Render a file of templates/web, such as `status.html`."""
        start_counting()
        return self._environment.get_template(f"web/{template}.j2").render(facts)

    @cached_property
    def style(self) -> str:
        """Return the style sheet."""
        return self._environment.get_template(STYLE).render()


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moment(at: datetime) -> Markup:
    """Return a time in UTC, which programs can read too."""
    utc = at.astimezone(UTC)
    words = f"{utc:%b} {utc.day}, {utc.year}, {utc:%H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(_iso(at), words)


def _day(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{utc:%A}, {utc:%B} {utc.day}, {utc.year}"


def _lines(text: str) -> Markup:
    """Return a text as HTML, with its line breaks."""
    return Markup("<br>\n").join(escape(it) for it in text.splitlines())
