"""Render the pages of the dashboard: HTML, with times in the reader's zone and names instead of Slack's ids."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from bot.adapters.rendering.mrkdwn import Names, aware, plain, plural, span
from bot.adapters.rendering.overrides import BoundedLoops, Folders, start_counting
from bot.domain.subject import SOMEBODY, is_forgotten

ZONE, NAMES, NOW = "zone_", "names_", "now"
"""What filters read from the context of a template."""


class HtmlPages:
    """Pages from the templates web/*.html.j2 in these folders; the first folder that has a template wins."""

    def __init__(self, folders: Folders, *, pager: str, tracker: str) -> None:
        self.environment = BoundedLoops(
            loader=folders, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self.environment.globals |= {
            "pager": pager,
            "tracker": tracker,
            "plural": plural,
            "once": lambda: uuid4().hex,
        }
        self.environment.filters |= {
            "person": person,
            "when": when,
            "until": until,
            "span": length,
            "plain": as_plain,
        }

    def render(self, template: str, facts: Mapping[str, Any], *, names: Names, zone: str) -> str:
        start_counting()
        around = {NAMES: names, ZONE: ZoneInfo(zone)}
        return self.environment.get_template(f"{template}.html.j2").render({**around, **facts})


@pass_context
def person(context: Context, ident: str | None) -> str:
    """Return a person's name; *someone* if it is not known."""
    if not ident:
        return ""
    if is_forgotten(ident):
        return SOMEBODY
    return context[NAMES](ident) or "someone"


@pass_context
def when(context: Context, at: datetime | str | None) -> Markup | str:
    """Return a time in the reader's zone, with its date if it is not close to now."""
    if at is None:
        return ""
    known, now = aware(at), context.get(NOW)
    local = known.astimezone(context[ZONE])
    is_near = isinstance(now, datetime) and abs(known - now) < timedelta(hours=12)
    words = f"{local:%H:%M}" if is_near else f"{local:%b} {local.day} {local:%H:%M}"
    if isinstance(now, datetime) and abs(known - now) > timedelta(days=180):
        words = f"{local:%b} {local.day}, {local:%Y} {local:%H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{known.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"{local:%A, %B} {local.day}, {local:%Y %H:%M:%S %Z}",
        words,
    )


def until(start: datetime | str, end: datetime | str) -> str:
    """Return the length of time from start to end, in words."""
    return str(span(aware(end) - aware(start)))


def length(value: timedelta | float | None) -> str:
    """Return a duration in words."""
    return str(span(value))


@pass_context
def as_plain(context: Context, text: object) -> str:
    """Return a text from Slack without markup."""
    return plain(text, context[NAMES])
