"""Tables and charts as Slack's `data_table` and `data_visualization` blocks, and as words where Slack refuses these.

A workspace may not have them yet: Slack then refuses the whole message. Its words say the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

import structlog

from bot.adapters.slack.failures import REFUSALS
from bot.adapters.slack.lengths import (
    CAPTION,
    CHART_LABEL,
    CHART_POINTS,
    CHART_TITLE,
    CHARTS,
    TABLE_COLUMNS,
    TABLE_ROWS,
    TABLES_TOGETHER,
)
from bot.adapters.slack.text import cut
from bot.domain.message import DataChart, DataTable, Message, Part, Section
from bot.ports import Clock, Rejected

T = TypeVar("T")
Block = dict[str, Any]
TRIED_AGAIN_AFTER = timedelta(days=1)
EMPTY = "–"  # noqa: RUF001  a cell needs a character

log = structlog.get_logger()


def block_of(part: DataTable | DataChart) -> Block | None:
    """Return the block of a table or chart; None if Slack takes none like it."""
    return _table(part) if isinstance(part, DataTable) else _chart(part)


def _table(table: DataTable) -> Block | None:
    fits = 0 < len(table.rows) <= TABLE_ROWS and 0 < len(table.columns) <= TABLE_COLUMNS
    if not fits or _characters(table) > TABLES_TOGETHER:
        return None
    return {
        "type": "data_table",
        "caption": cut(table.caption, CAPTION) or EMPTY,
        "rows": [[_cell(it) for it in row] for row in (table.columns, *table.rows)],
        "page_size": len(table.rows),
    }


def _cell(value: str | int) -> Block:
    if isinstance(value, int):
        return {"type": "raw_number", "value": value, "text": str(value)}
    return {"type": "raw_text", "text": value or EMPTY}


def _characters(table: DataTable) -> int:
    """Return the number of characters in all cells. An empty one holds a dash."""
    return sum(len(str(it)) or 1 for row in (table.columns, *table.rows) for it in row)


def _chart(chart: DataChart) -> Block | None:
    labels = [cut(it, CHART_LABEL) or EMPTY for it in chart.labels]
    if not 0 < len(labels) <= CHART_POINTS or len(set(labels)) < len(labels):
        return None
    points = [{"label": label, "value": value} for label, value in zip(labels, chart.values, strict=True)]
    return {
        "type": "data_visualization",
        "title": cut(chart.title, CHART_TITLE) or EMPTY,
        "chart": {
            "type": "bar",
            "series": [{"name": cut(chart.title, CHART_LABEL) or EMPTY, "data": points}],
            "axis_config": {"categories": labels},
        },
    }


def fitting(parts: Sequence[Part]) -> list[Part]:
    """Return the parts of a message, with words in place of the tables and charts that are too many for it."""
    charts, characters, fit = 0, 0, list[Part]()
    for part in parts:
        charts += isinstance(part, DataChart)
        characters += _characters(part) if isinstance(part, DataTable) else 0
        fit.append(part if charts <= CHARTS and characters <= TABLES_TOGETHER else _in_words(part))
    return fit


def in_words(message: Message) -> Message:
    """Return a message with words in place of its tables and charts."""
    return replace(message, parts=tuple(map(_in_words, message.parts))) if message.has_data else message


def _in_words(part: Part) -> Part:
    return Section(part.text) if isinstance(part, DataTable | DataChart) else part


class DataBlocks:
    """Whether Slack takes tables and charts, as far as it has said so. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._refused_at: datetime | None = None

    def send(self, message: Message, send: Callable[[Message], T]) -> T:
        """Send a message. If Slack refuses its tables and charts, send it in words, and so for a day from then on."""
        if not message.has_data or self._is_refused:
            return send(in_words(message))
        try:
            return send(message)
        except Rejected as refusal:
            if refusal.code not in REFUSALS:
                raise
        sent = send(in_words(message))
        with self._lock:
            self._refused_at = self._clock.now()
        log.info("Slack refuses tables and charts, so that words stand in their place")
        return sent

    @property
    def _is_refused(self) -> bool:
        refused_at = self._refused_at
        return refused_at is not None and self._clock.now() - refused_at < TRIED_AGAIN_AFTER
