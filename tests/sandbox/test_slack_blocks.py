"""Block Kit that the stand-in refuses, as Slack does."""

from typing import Any

import pytest

from bot.sandbox.slack.blocks import sound_message, sound_view
from bot.sandbox.slack.call import SlackError

Block = dict[str, Any]


def words(text: str, kind: str = "mrkdwn") -> Block:
    return {"type": kind, "text": text}


def section(text: str = "x", **more: Any) -> Block:
    return {"type": "section", "text": words(text), **more}


def button(text: str = "Go", **more: Any) -> Block:
    return {"type": "button", "text": words(text, "plain_text"), **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def select(count: int, **more: Any) -> Block:
    options = [{"text": words(str(i), "plain_text"), "value": str(i)} for i in range(count)]
    return {"type": "static_select", "options": options, **more}


def field(element: Block | None = None, **more: Any) -> Block:
    element = element or {"type": "plain_text_input"}
    return {"type": "input", "label": words("Message", "plain_text"), "element": element, **more}


def modal(*blocks: Block, **more: Any) -> Block:
    title, submit = words("Title", "plain_text"), words("Send", "plain_text")
    return {"type": "modal", "title": title, "submit": submit, "blocks": list(blocks), **more}


def test_valid_blocks_pass_and_get_missing_ids() -> None:
    blocks = [
        {"type": "header", "text": words("Checkout is down", "plain_text")},
        section(fields=[words("*Severity*\nsev1")], accessory=button(action_id="go")),
        {"type": "context", "elements": [words("since 10:05")]},
        actions(button(), select(3)),
        {"type": "divider"},
    ]

    kept = sound_message(blocks)

    assert [block["block_id"] for block in kept] == ["b0", "b1", "b2", "b3", "b4"]
    assert kept[1]["accessory"]["action_id"] == "go"
    assert [element["action_id"] for element in kept[3]["elements"]] == ["b3.0", "b3.1"]


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([], id="no block"),
        pytest.param([section()] * 51, id="51 blocks"),
        pytest.param([{"type": "banner"}], id="a type that is none"),
        pytest.param([{"type": "section", "text": "bare words"}], id="text that is no text object"),
        pytest.param([{"type": "section"}], id="a section of nothing"),
        pytest.param([section("")], id="empty text"),
        pytest.param([section("x" * 3001)], id="a long section"),
        pytest.param([section(fields=[words("x")] * 11)], id="11 fields"),
        pytest.param([section(fields=[words("x" * 2001)])], id="a long field"),
        pytest.param([section(colour="red")], id="a property that is none"),
        pytest.param([{"type": "header", "text": words("x")}], id="a header in mrkdwn"),
        pytest.param([{"type": "header", "text": words("x" * 151, "plain_text")}], id="a long header"),
        pytest.param([actions()], id="actions without any"),
        pytest.param([actions(*[button()] * 26)], id="26 actions"),
        pytest.param([actions(button(action_id="a"), button(action_id="a"))], id="an action id twice"),
        pytest.param([section(block_id="a"), section(block_id="a")], id="a block id twice"),
        pytest.param([actions(button("x" * 76))], id="a long button"),
        pytest.param([actions(button(value="x" * 2001))], id="a long value"),
        pytest.param([actions(button(style="warning"))], id="a style that is none"),
        pytest.param([actions(button(action_id="x" * 256))], id="a long id"),
        pytest.param([actions(select(101))], id="101 options"),
        pytest.param([actions(select(0))], id="a select of nothing"),
        pytest.param([{"type": "context", "elements": [words("x")] * 11}], id="11 elements of context"),
        pytest.param([actions(button(url="javascript:alert(1)"))], id="a link that is none"),
        pytest.param([{"type": "image", "alt_text": "x"}], id="a picture of nothing"),
        pytest.param([{"type": "rich_text", "elements": [words("x")]}], id="rich text that is none"),
        pytest.param(
            [actions(select(2, initial_option={"text": words("x", "plain_text"), "value": "x"}))],
            id="a choice that is no option",
        ),
        pytest.param("section", id="no array"),
    ],
)
def test_invalid_blocks_are_refused(blocks: Any) -> None:
    with pytest.raises(SlackError) as caught:
        sound_message(blocks)

    assert caught.value.error == "invalid_blocks"
    assert "[json-pointer:/blocks" in caught.value.facts["response_metadata"]["messages"][0]


def test_blocks_that_are_too_long_together_are_refused() -> None:
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        sound_message([section("x" * 2500)] * 5)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(modal(*[section()] * 101), id="101 blocks"),
        pytest.param(modal(field(), submit=None), id="a field and no way to submit"),
        pytest.param(modal(section(), title=words("x" * 25, "plain_text")), id="a long title"),
        pytest.param(modal(section(), private_metadata="x" * 3001), id="long metadata"),
        pytest.param(modal(field(button())), id="a button for a field"),
        pytest.param({"type": "modal", "blocks": [section()]}, id="no title"),
        pytest.param({"type": "home", "blocks": [section()]}, id="a home where a modal belongs"),
        pytest.param(None, id="nothing"),
    ],
)
def test_invalid_views_are_refused(view: Any) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        sound_view(view, "modal")


def test_a_valid_modal_passes() -> None:
    kept = sound_view(modal(field(), field(select(2), optional=True)), "modal")

    assert kept["blocks"][1]["element"]["action_id"] == "b1.0"


# --- tables and charts ------------------------------------------------------------------------------------


def table(*rows: list[Block], **more: Any) -> Block:
    return {"type": "data_table", "caption": "Times", "rows": list(rows), **more}


def cells(*texts: str) -> list[Block]:
    return [{"type": "raw_text", "text": it} for it in texts]


def bars(categories: list[str], *series: Block, title: str = "Pages", **more: Any) -> Block:
    chart = {"type": "bar", "series": list(series), "axis_config": {"categories": categories}, **more}
    return {"type": "data_visualization", "title": title, "chart": chart}


def plotted(name: str, **values: float) -> Block:
    return {"name": name, "data": [{"label": it, "value": value} for it, value in values.items()]}


NUMBER = {"type": "raw_number", "value": 2, "text": "2"}
PIE = {
    "type": "data_visualization",
    "title": "Pie",
    "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}


def test_tables_and_charts_pass() -> None:
    blocks = [
        table(cells("a", "b"), [*cells("x"), NUMBER], page_size=5, row_header_column_index=0),
        table(cells("a"), [RICH]),
        bars(["a", "b"], plotted("one", a=1, b=-2), plotted("two", a=0, b=0.5)),
        PIE,
    ]

    assert [it["type"] for it in sound_message(blocks)] == [
        "data_table",
        "data_table",
        "data_visualization",
        "data_visualization",
    ]


@pytest.mark.parametrize(
    "block",
    [
        table(cells("a")),
        table(cells("a"), *([cells("x")] * 201)),
        table(cells("a"), cells("x", "y")),
        table(cells(*"a" * 21), cells(*"b" * 21)),
        table([RICH], cells("x")),
        table(cells("a"), cells("")),
        table(cells("a"), [{"type": "raw_number", "value": "2", "text": "2"}]),
        table(cells("a"), cells("x" * 10_001)),
        table(cells("a"), cells("x"), page_size=101),
        bars([], plotted("one")),
        bars(["a"], plotted("one", b=1)),
        bars(["a"], plotted("one", a=1), plotted("one", a=2)),
        bars(["a" * 21], plotted("one", **{"a" * 21: 1})),
        bars([f"{it}" for it in range(21)], plotted("one", **{f"{it}": 1 for it in range(21)})),
        bars(["a"], plotted("one", a=1), title="x" * 51),
        bars(["a"], *(plotted(f"{it}", a=1) for it in range(13))),
        bars(["a"], plotted("one", a=float("inf"))),
        bars(["a"], plotted("one", a=1), type="radar"),
        {**PIE, "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]}},
    ],
)
def test_a_table_or_chart_that_slack_would_refuse_is_refused(block: Block) -> None:
    with pytest.raises(SlackError):
        sound_message([block])


def test_a_message_holds_two_charts_and_ten_thousand_characters_of_tables() -> None:
    half = table(cells("a"), cells("x" * 6_000))

    for blocks in ([PIE] * 3, [half, half]):
        with pytest.raises(SlackError):
            sound_message(blocks)


def test_a_form_shows_no_tables() -> None:
    with pytest.raises(SlackError):
        sound_view(modal(table(cells("a"), cells("x"))), "modal")
