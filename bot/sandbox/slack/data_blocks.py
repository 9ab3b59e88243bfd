"""Slack's blocks for data, tables and charts, as Slack checks them."""

from typing import Any

from bot.sandbox.slack.checks import (
    BLOCK,
    BlockSchema,
    Check,
    Problems,
    length,
    listed,
    number,
    rich,
    string,
    whole_number,
)

MOST_CHARTS, MOST_SERIES, MOST_POINTS, MOST_SEGMENTS = 2, 12, 20, 12
LONGEST_CHART_TITLE, LONGEST_CHART_LABEL = 50, 20
MOST_ROWS, MOST_COLUMNS, LARGEST_PAGE, LONGEST_TABLES = 201, 20, 100, 10_000
CELLS = ("raw_text", "raw_number", "rich_text")


def together(blocks: Any) -> Problems:
    """Check what holds for all tables and charts of a message together."""
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)]
    if kinds.count("data_visualization") > MOST_CHARTS:
        yield f"no more than {MOST_CHARTS} data_visualization blocks allowed [json-pointer:/blocks]"
    cells = [
        block.get("rows") for block in blocks if isinstance(block, dict) and block.get("type") == "data_table"
    ]
    if length(cells) > LONGEST_TABLES:
        yield f"no more than {LONGEST_TABLES} characters in all cells [json-pointer:/blocks]"


def _positive(segment: Any, at: str) -> Problems:
    if isinstance(segment.get("value"), int | float) and segment["value"] <= 0:
        yield f"must be greater than 0 [json-pointer:{at}/value]"


def chart(value: Any, at: str) -> Problems:
    if not isinstance(value, dict) or value.get("type") not in CHARTS:
        yield f"unsupported type of chart [json-pointer:{at}/type]"
    else:
        yield from CHARTS[value["type"]].problems(value, at)


def _series_fit_the_axis(chart: Any, at: str) -> Problems:
    """Check that each series has a name of its own, and one value for each category, in order."""
    every = [it for it in chart.get("series") or [] if isinstance(it, dict)]
    names = [it.get("name") for it in every]
    if len(set(names)) < len(names):
        yield f"series names must be unique [json-pointer:{at}/series]"
    categories = (chart.get("axis_config") or {}).get("categories")
    for n, it in enumerate(every):
        labels = [point.get("label") for point in it.get("data") or [] if isinstance(point, dict)]
        if labels != categories:
            yield f"labels must match axis_config.categories [json-pointer:{at}/series/{n}/data]"


def row(value: Any, at: str) -> Problems:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_COLUMNS:
        yield f"must be an array of 1 to {MOST_COLUMNS} cells [json-pointer:{at}]"
        return
    for n, it in enumerate(value):
        yield from cell(it, f"{at}/{n}")


def cell(value: Any, at: str) -> Problems:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "raw_text":
        yield from RAW_TEXT.problems(value, at)
    elif kind == "raw_number":
        yield from RAW_NUMBER.problems(value, at)
    elif kind == "rich_text":
        yield from RICH_TEXT.problems(value, at)
    else:
        yield f"must be a cell of type {', '.join(CELLS)} [json-pointer:{at}/type]"


def _is_even(table: Any, at: str) -> Problems:
    """Check that all rows are equally long, and that the header holds plain text."""
    rows = [it for it in table.get("rows") or [] if isinstance(it, list)]
    if len({len(it) for it in rows}) > 1:
        yield f"all rows must have the same number of cells [json-pointer:{at}/rows]"
    if any(isinstance(it, dict) and it.get("type") == "rich_text" for it in (rows or [[]])[0]):
        yield f"rich_text is not allowed in the header [json-pointer:{at}/rows/0]"


RICH_TEXT = BlockSchema(required={"elements": listed(1000, rich)}, optional=BLOCK)
RAW_TEXT = BlockSchema(required={"text": string(LONGEST_TABLES, empty=False)}, optional={})
RAW_NUMBER = BlockSchema(required={"value": number, "text": string(LONGEST_TABLES, empty=False)}, optional={})
LABEL = string(LONGEST_CHART_LABEL, empty=False)
POINT = BlockSchema(required={"label": LABEL, "value": number}, optional={})
SEGMENT = BlockSchema(required={"label": LABEL, "value": number}, optional={}, whole=_positive)


def objects(most: int, schema: BlockSchema) -> Check:
    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, dict):
            yield f"must be an object [json-pointer:{at}]"
        else:
            yield from schema.problems(value, at)

    return listed(most, check)


AXIS = BlockSchema(
    required={"categories": listed(MOST_POINTS, LABEL)},
    optional={"x_label": string(LONGEST_CHART_TITLE), "y_label": string(LONGEST_CHART_TITLE)},
)
SERIES = BlockSchema(required={"name": LABEL, "data": objects(MOST_POINTS, POINT)}, optional={})
PLOT = BlockSchema(
    required={"series": objects(MOST_SERIES, SERIES), "axis_config": AXIS.problems},
    optional={},
    whole=_series_fit_the_axis,
)
CHARTS: dict[str, BlockSchema] = {
    "pie": BlockSchema(required={"segments": objects(MOST_SEGMENTS, SEGMENT)}, optional={}),
    **dict.fromkeys(("bar", "area", "line"), PLOT),
}
DATA_BLOCKS: dict[str, BlockSchema] = {
    "data_table": BlockSchema(
        required={"caption": string(LONGEST_TABLES, empty=False), "rows": listed(MOST_ROWS, row, least=2)},
        optional=BLOCK
        | {
            "page_size": whole_number(1, LARGEST_PAGE),
            "row_header_column_index": whole_number(0, MOST_COLUMNS - 1),
        },
        whole=_is_even,
    ),
    "data_visualization": BlockSchema(
        required={"title": string(LONGEST_CHART_TITLE, empty=False), "chart": chart}, optional=BLOCK
    ),
}
