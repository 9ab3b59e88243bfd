"""Draw the bars of a report as SVG, in the colours of the page around them: its style sheet knows their classes."""

from collections.abc import Iterator, Sequence
from html import escape
from uuid import uuid4

import svg
from markupsafe import Markup

WIDTH = 360
LABEL, VALUE = 110, 62
"""The space left of the bars for their labels, and right of them for their values."""
LINE, BAR = 24, 16
HEIGHT, FOOT = 120, 18
LETTERS = 16
"""The most letters of a label that fit beside its bar. Its title has all of them."""
EACH = 3
"""Every so many columns have a label below."""


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> Markup:
    """Return horizontal bars: for each its label, its length, and the words of its value."""
    most = max((value for _, value, _ in rows), default=0) or 1
    scale = (WIDTH - LABEL - VALUE) / most
    drawn = [it for at, row in enumerate(rows) for it in _bar(*row, at * LINE, scale)]
    return _picture(
        title, "; ".join(f"{label}: {words}" for label, _, words in rows), drawn, len(rows) * LINE
    )


def _bar(label: str, value: float, words: str, y: int, scale: float) -> Iterator[svg.Element]:
    length = round(value * scale, 1)
    middle = y + LINE / 2 + 4
    yield svg.Text(x=LABEL - 8, y=middle, text=escape(_short(label)), text_anchor="end", class_=["label"])
    yield svg.Rect(x=LABEL, y=y + (LINE - BAR) / 2, width=max(length, 1), height=BAR, rx=2, class_=["bar"])
    yield svg.Text(x=LABEL + length + 6, y=middle, text=escape(words), class_=["value"])


def columns(title: str, rows: Sequence[tuple[str, int]], *, dark: Sequence[int] = ()) -> Markup:
    """Return vertical columns, with a label below every third. Those at the places in `dark` are of the night."""
    most = max((value for _, value in rows), default=0) or 1
    width = WIDTH / max(len(rows), 1)
    drawn = list[svg.Element]()
    for at, (label, value) in enumerate(rows):
        height = round(value * (HEIGHT - 20) / most, 1)
        kind = ["bar", "night"] if at in dark else ["bar"]
        x, top = round(at * width, 1), HEIGHT - height
        drawn.append(
            svg.Rect(x=x + 1, y=top, width=round(width - 2, 1), height=max(height, 1), rx=1, class_=kind)
        )
        if value:
            drawn.append(_below(x + width / 2, top - 4, str(value), "value"))
        if at % EACH == 0:
            drawn.append(_below(x + width / 2, HEIGHT + FOOT - 4, label, "label"))
    words = "; ".join(f"{label}: {value}" for label, value in rows if value)
    return _picture(title, words or "none", drawn, HEIGHT + FOOT)


def _below(x: float, y: float, words: str, kind: str) -> svg.Text:
    return svg.Text(x=round(x, 1), y=y, text=escape(words), text_anchor="middle", class_=[kind])


def _picture(title: str, words: str, elements: list[svg.Element], height: int) -> Markup:
    """Return the picture with its title and description, for those who do not see it."""
    name = f"chart-{uuid4().hex}"
    about: list[svg.Element] = [
        svg.Title(id=f"{name}-title", text=escape(title)),
        svg.Desc(id=f"{name}-words", text=escape(words)),
    ]
    picture = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, WIDTH, max(height, 1)),
        class_=["data-chart"],
        elements=[*about, *elements],
        extra={"role": "img", "aria-labelledby": f"{name}-title {name}-words"},
    )
    return Markup(picture.as_str())  # noqa: S704  each text in it is escaped


def _short(label: str) -> str:
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
