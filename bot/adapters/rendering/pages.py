"""Render the pages of the dashboard: HTML, with times in the reader's zone and names instead of Slack's ids."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from bot.adapters.rendering.html import html, link
from bot.adapters.rendering.mrkdwn import Mrkdwn, Names, aware, plain, plural, span
from bot.adapters.rendering.overrides import BoundedLoops, Folders, start_counting
from bot.domain.postmortem.document import Document
from bot.domain.report.counting import Distribution
from bot.domain.subject import SOMEBODY, is_forgotten

ZONE, NAMES, NOW = "zone_", "names_", "now"
"""What filters read from the context of a template."""


Told = Callable[[str, Mapping[str, Any], Names], str]
"""Renders a message template as mrkdwn."""
Written = Callable[[str, Mapping[str, Any], Names], Document]
"""Renders a document template as Markdown."""
PICTURE = "picture"
"""The section of a document that only GitHub draws."""
NO_HEAD = "<thead>\n<tr>\n<th></th>\n<th></th>\n</tr>\n</thead>\n"
"""How a table begins that has no heads: Markdown has none of that kind."""


class HtmlPages:
    """Pages from the templates web/*.html.j2 in these folders; the first folder that has a template wins."""

    def __init__(self, folders: Folders, *, pager: str, tracker: str, told: Told, written: Written) -> None:
        self.environment = BoundedLoops(
            loader=folders, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self.environment.globals |= {
            "pager": pager,
            "tracker": tracker,
            "plural": plural,
            "once": lambda: uuid4().hex,
            "counts_chart": counts_chart,
            "times_chart": times_chart,
            "hours_chart": hours_chart,
        }
        self._told = told
        self._written = written
        self.environment.globals |= {"said": self._said, "document": self._document}
        self.environment.filters |= {
            "told": self._line,
            "slack": slack,
            "link_to": link_to,
            "iso": iso,
            "exact": exact,
            "day": day,
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
    def _said(self, context: Context, template: str, facts: Mapping[str, Any]) -> Markup:
        """Render a message template, so that a page has the words of the chat."""
        return slack(context, Mrkdwn(self._told(template.removesuffix(".j2"), facts, context[NAMES])))

    @pass_context
    def _document(self, context: Context, template: str, facts: Mapping[str, Any]) -> Markup:
        """Render a document, without its log and its picture, as GitHub shows it."""
        from bot.adapters.runbooks.document import markdown  # noqa: PLC0415  loaded only for a document

        document = self._written(template, facts, context[NAMES])
        text = "\n\n".join(it.text for it in document.sections if it.key != PICTURE)
        shown = markdown().enable("table").render(text)
        return Markup(shown.replace(NO_HEAD, ""))  # noqa: S704  markdown-it escapes, and leaves HTML out

    @pass_context
    def _line(self, context: Context, event: Mapping[str, Any]) -> Markup:
        """Render an entry of a timeline with the template of its kind."""
        return self._said(context, "incident/line", {"e": event})


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
        exact(context, known),
        words,
    )


@pass_context
def slack(context: Context, text: object) -> Markup:
    """Return a text from Slack with its markup, and with names instead of ids."""
    return html(text, context[NAMES], partial(when, context))


@pass_context
def link_to(context: Context, text: object, address: str) -> Markup:
    """Return a text that is a link, if the address is http or https."""
    return link(address, plain(text, context[NAMES]))


def iso(at: datetime) -> str:
    """Return a time as scripts read it, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pass_context
def exact(context: Context, at: datetime) -> str:
    """Return a time with its date, its seconds and the reader's zone."""
    local = at.astimezone(context[ZONE])
    return f"{local:%A, %B} {local.day}, {local:%Y %H:%M:%S %Z}"


def day(at: date) -> str:
    return f"{at:%b} {at.day}"


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


# --- charts -----------------------------------------------------------------------------------------------
# What draws them is loaded when the first one is drawn.


def counts_chart(title: str, counts: Sequence[tuple[str, int]], unnamed: str) -> Markup:
    """Return a bar for each count. `unnamed` stands for an empty name."""
    from bot.adapters.rendering.data_charts import bars  # noqa: PLC0415  as said

    return bars(title, [(name or unnamed, count, str(count)) for name, count in counts])


def times_chart(title: str, times: Sequence[Distribution]) -> Markup:
    """Return a bar for the median of each time."""
    from bot.adapters.rendering.data_charts import bars  # noqa: PLC0415  as said

    medians = ((str(it.time), it.median) for it in times)
    return bars(title, [(name, _seconds(it), str(span(it)) or "unknown") for name, it in medians])


def hours_chart(title: str, counts: Sequence[int], night: Sequence[int]) -> Markup:
    """Return a column for each hour of the day. Those of the night are drawn apart."""
    from bot.adapters.rendering.data_charts import columns  # noqa: PLC0415  as said

    return columns(title, [(str(hour), count) for hour, count in enumerate(counts)], dark=night)


def _seconds(value: timedelta | None) -> float:
    return value.total_seconds() if value else 0.0
