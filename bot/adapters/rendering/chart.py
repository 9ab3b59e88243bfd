"""Draw an incident as an SVG chart: phases, commanders, pages, and updates on time or late."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape

import svg

from bot.domain.postmortem.statistics import Bar

WIDTH, LEFT, RIGHT, TOP = 960, 110, 20, 50
LINE, GAP = 26, 14
COLOURS = {"done": "#8fa3bf", "active": "#4f7cac", "late": "#c8553d"}
STEPS = tuple(timedelta(minutes=it) for it in (1, 5, 10, 15, 30, 60, 120, 240, 720, 1440, 2880, 10080))
MOST_TICKS = 10
LETTER = 6.6
"""The approximate width of a letter in pixels. A label is put beside its bar if the bar is too short."""


def drawn(title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Return an SVG of the rows, each bar on its own line, over a time axis in UTC."""
    every = [bar for _, them in rows for bar in them]
    start = min((bar.start for bar in every), default=datetime(2000, 1, 1, tzinfo=UTC))
    end = max((bar.end or bar.start for bar in every), default=start)
    scale = _Scale(start, max(end, start + timedelta(minutes=1)))
    elements: list[svg.Element] = [_text(16, 24, title, size=16)]
    at = TOP
    for name, bars in rows:
        elements.append(_text(16, at + LINE - 9, name, weight="bold"))
        for bar in bars:
            elements += _bar(bar, at, scale)
            at += LINE
        at += GAP
    axis = [*_axis(scale, at)]
    picture = svg.SVG(
        width=WIDTH,
        height=at + 30,
        viewBox=svg.ViewBoxSpec(0, 0, WIDTH, at + 30),
        elements=[
            svg.Rect(width=WIDTH, height=at + 30, fill="#ffffff"),
            *axis,
            *elements,
        ],
    )
    return f"{picture.as_str()}\n"


class _Scale:
    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end = start, end
        self._per_second = (WIDTH - LEFT - RIGHT) / (end - start).total_seconds()

    def x(self, at: datetime) -> float:
        return round(LEFT + (at - self.start).total_seconds() * self._per_second, 1)

    def ticks(self) -> list[datetime]:
        length = self.end - self.start
        step = next((it for it in STEPS if length / it <= MOST_TICKS), STEPS[-1])
        midnight = self.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight + step * -(-(self.start - midnight) // step)
        ticks = (first + step * number for number in range(MOST_TICKS + 2))
        return [it for it in ticks if it <= self.end]


def _axis(scale: _Scale, bottom: int) -> list[svg.Element]:
    days = scale.end - scale.start > timedelta(days=1)
    elements: list[svg.Element] = []
    for tick in scale.ticks():
        x = scale.x(tick)
        elements.append(svg.Line(x1=x, y1=TOP - 10, x2=x, y2=bottom, stroke="#e3e6ea"))
        shown = f"{tick.day} {tick:%b %H:%M}" if days else f"{tick:%H:%M}"
        elements.append(_text(x - 16, bottom + 16, shown, size=11, fill="#5b6470"))
    return elements


def _bar(bar: Bar, at: int, scale: _Scale) -> list[svg.Element]:
    x, colour = scale.x(bar.start), COLOURS[bar.state]
    if bar.end is None:
        dot = svg.Circle(cx=x, cy=at + LINE / 2, r=6, fill=colour)
        return [dot, _beside(x, x, at, bar.label, inner=False)]
    end = scale.x(bar.end)
    length = max(end - x, 2.0)
    inner = len(bar.label) * LETTER + 12 < length
    box = svg.Rect(x=x, y=at + 3, width=round(length, 1), height=LINE - 6, rx=3, fill=colour)
    return [box, _beside(x, end, at, bar.label, inner=inner)]


def _beside(start: float, end: float, at: int, label: str, *, inner: bool) -> svg.Text:
    """Return the label: in the bar, else to its right, else (at the edge) to its left."""
    if inner:
        return _text(start + 6, at + LINE - 9, label, fill="#ffffff")
    width = len(label) * LETTER
    x = end + 8 if end + 8 + width < WIDTH else max(LEFT, start - 8 - width)
    return _text(x, at + LINE - 9, label)


def _text(
    x: float, y: float, words: str, *, size: int = 12, fill: str = "#1d2733", weight: str = "normal"
) -> svg.Text:
    return svg.Text(
        x=round(x, 1),
        y=y,
        text=escape(words),
        fill=fill,
        font_size=size,
        font_weight="bold" if weight == "bold" else "normal",
        font_family="Helvetica, Arial, sans-serif",
    )
