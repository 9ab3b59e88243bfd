"""Messages and forms in Slack's blocks: whatever is said, Slack takes it."""

import json

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from bot.adapters.rendering.mrkdwn import Mrkdwn, clip
from bot.adapters.slack import forms
from bot.adapters.slack.blocks import blocks, messages, payload
from bot.adapters.slack.text import cut, pieces
from bot.domain.message import (
    Button,
    Buttons,
    Context,
    DataChart,
    DataTable,
    Divider,
    Fields,
    Header,
    Message,
    Part,
    Section,
)
from bot.ports import Form, FormField, Rejected
from bot.sandbox.slack import blocks as strict
from bot.sandbox.slack.text import stored

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
long_text = st.builds(lambda part, times: part * times, text, st.integers(0, 200))
buttons = st.builds(
    Button,
    label=long_text,
    say=st.none() | long_text,
    url=st.none() | st.builds(lambda tail: "https://example.com/" + "x" * tail, st.integers(0, 4_000)),
    style=st.sampled_from([None, "primary", "danger", "loud"]),
    confirm=st.none() | long_text,
    in_menu=st.booleans(),
)
rows = st.tuples(text, st.integers(0, 10**9))
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Header, long_text),
    st.builds(Section, long_text),
    st.builds(Fields, st.lists(long_text, max_size=25).map(tuple)),
    st.builds(Context, long_text),
    st.builds(Divider),
    st.builds(Buttons, st.lists(buttons, max_size=30).map(tuple)),
    st.builds(DataTable, long_text, st.just(("a", "b")), st.lists(rows, max_size=120).map(tuple), long_text),
    st.lists(st.tuples(long_text, st.integers(-9, 9)), max_size=25).flatmap(
        lambda bars: st.builds(
            DataChart,
            long_text,
            st.just(tuple(label for label, _ in bars)),
            st.just(tuple(value for _, value in bars)),
            long_text,
        )
    ),
)
any_message = st.builds(Message, text=long_text, parts=st.lists(parts, max_size=70).map(tuple))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # much text is what is tried
@example(Message(text="0000<>&" * 600, parts=()))
@example(Message(text="0000< a>" * 600, parts=()))
@given(any_message)
def test_slack_takes_every_message(message: Message):
    said = payload(message)

    assert 0 < len(stored(said["text"]).encode()) <= 4_000
    if said["blocks"]:
        strict.sound_message(said["blocks"])  # raises what Slack would refuse


@given(long_text, st.integers(20, 200))
def test_pieces_fit_and_lose_nothing_but_line_ends(whole: str, limit: int):
    assume("```" not in whole)  # a block of code that is split has more marks
    split = list(pieces(whole, limit))

    assert all(len(piece) <= limit for piece in split)
    if whole.strip():
        assert "".join(split).replace("\n", "").strip() == whole.replace("\n", "").strip()


@pytest.mark.parametrize("limit", range(12, 30))
def test_neither_an_entity_nor_a_mention_is_cut_in_two(limit: int):
    for shortened in (
        cut("ab &amp; cd <@U0ANA|ana> ef", limit),
        *pieces("ab &amp; cd <@U0ANA|ana> ef", limit),
    ):
        assert shortened.count("<") == shortened.count(">")
        assert shortened.count("&") == shortened.count("&amp;")


def test_a_message_without_parts_has_no_blocks():
    assert payload(Message(text="hello")) == {"text": "hello", "blocks": []}


def test_a_long_section_is_split_at_line_ends():
    lines = "\n".join(["x" * 99] * 50)

    assert [len(block["text"]["text"]) for block in blocks(Message(text="", parts=(Section(lines),)))] == [
        2_999,
        1_999,
    ]


def test_a_message_that_is_too_long_keeps_its_buttons():
    story = tuple(Section("y" * 2_000) for _ in range(20))
    press = Buttons((Button(label="Take", say="incident 1 take"),))

    shown = blocks(Message(text="", parts=(*story, press)))

    assert [block["type"] for block in shown][-2:] == ["context", "actions"]
    assert len(shown) < len(story)


def test_rarer_buttons_are_in_a_menu_behind_the_others():
    rare = [Button(label=f"Rare {n}", say=f"rare {n}", in_menu=True) for n in range(7)]

    [row] = blocks(Message(text="x", parts=(Buttons((*rare, Button(label="Update", say="update"))),)))

    *pressed, menu = row["elements"]
    assert [it["value"] for it in pressed] == ["rare 5", "rare 6", "update"]
    assert menu["type"] == "overflow"
    assert [it["value"] for it in menu["options"]] == [f"rare {n}" for n in range(5)]


def test_half_a_command_is_not_offered():
    assert blocks(Message(text="", parts=(Buttons((Button(label="Do", say="z" * 2_001),)),))) == []


def test_a_button_says_asks_and_opens():
    press = Button(label="Stop", say="incident 1 stop", style="danger", confirm="Is it over?")
    link = Button(label="See", url="https://example.com")

    [actions] = blocks(Message(text="", parts=(Buttons((press, link)),)))
    stop, see = actions["elements"]

    assert (stop["value"], stop["style"], stop["confirm"]["text"]["text"]) == (
        "incident 1 stop",
        "danger",
        "Is it over?",
    )
    assert (see["url"], "value" in see) == ("https://example.com", False)
    assert stop["action_id"] != see["action_id"]


# --- what is too long -------------------------------------------------------------------------------------

FAMILY, FLAG, SKIN, ACCENT = "👩\u200d👩\u200d👧", "🇵🇹", "👍🏽", "e\u0301"
URL = f"https://grafana.example.com/d/1?{'var-service=checkout-api&amp;' * 30}panel=1"


@pytest.mark.parametrize("letters", ["a", "ß", "€", "😀", "&", "<", ">", "&amp;", ">a\n", f"<{URL}> "])
def test_a_text_has_at_most_4000_bytes_as_slack_keeps_it(letters: str):
    said = payload(Message(text=letters * 4_100))["text"]

    assert 3_000 < len(stored(said).encode()) <= 4_000


@pytest.mark.parametrize(
    "unit",
    [
        FAMILY,
        FLAG,
        SKIN,
        ACCENT,
        "&amp;",
        "<@U0ANA>",
        ":wave::skin-tone-3:",
        "<https://x.example.com/a|the graph>",
    ],
)
@pytest.mark.parametrize("before", range(12))
def test_what_reads_as_one_thing_is_never_cut_in_two(unit: str, before: int):
    whole = "a" * before + unit * 40

    for shortened in (cut(whole, 100), str(clip(Mrkdwn(whole), 100)), *pieces(whole, 100)):
        assert shortened.removeprefix("a" * before).replace(unit, "").strip() in {"", "…"}


def test_a_link_that_fits_nowhere_shows_its_words_and_leads_nowhere():
    long = "https://x.example.com/" + "a" * 4_000

    labelled, bare = blocks(Message(text="", parts=(Section(f"<{long}|graph>"), Section(f"<{long}>"))))

    assert labelled["text"]["text"] == "graph"
    assert bare["text"]["text"].startswith("`https://x.example.com/aaa")
    assert bare["text"]["text"].endswith("a…`")


WORDS = [f"word{number} " for number in range(4_000)]
TEXT = "".join(WORDS)
DO = Buttons(tuple(Button(label="Do", say="x" * 2_000) for _ in range(25)))
LONG: list[tuple[Message, int]] = [
    (Message(text=TEXT), 4_000),
    (Message(text="short", parts=(Section(TEXT),)), 4_000),
    (Message(text="short", parts=(Context(TEXT), DO)), 4_000),
    (Message(text="short", parts=tuple(map(Section, WORDS))), 4_000),
    (Message(text="short", parts=(Fields(tuple(word + "x" * 1_900 for word in WORDS[:30])), DO)), 30),
]


@pytest.mark.parametrize(("message", "count"), LONG)
def test_a_long_message_leaves_whole_as_several(message: Message, count: int):
    said = [payload(part) for part in messages(message)]

    for one in said:
        strict.sound_message(one["blocks"])
        assert 0 < len(stored(one["text"]).encode()) <= 4_000
    shown = " ".join(json.dumps(one["blocks"]).replace("\\n", " ") for one in said)
    assert [word for word in WORDS[:count] if word.strip() not in shown] == []
    assert shown.count('"Do"') == 25 * (DO in message.parts)


@pytest.mark.parametrize("text", ["", "x" * 4_000, "two\nlines"])
def test_what_fits_is_one_message_as_it_is(text: str):
    assert messages(Message(text=text)) == [Message(text=text)]


# --- forms ------------------------------------------------------------------------------------------------


fields = st.builds(
    FormField,
    name=st.just("name"),
    label=long_text.filter(str.strip),
    kind=st.sampled_from(["line", "text", "choice", "person", "tick"]),
    hint=st.none() | long_text.filter(str.strip),
    initial=st.none() | long_text,
    optional=st.booleans(),
    options=st.just((("sev1", "worst"), ("sev2", "bad"))),
    max_length=st.none() | st.integers(1, 5_000),
)


@settings(deadline=None)
@given(title=long_text.filter(str.strip), field=fields, intro=st.none() | long_text)
def test_slack_takes_every_form(title: str, field: FormField, intro: str | None):
    form = Form(title=title, submit="Send", fields=(field,), intro=intro)

    strict.sound_view(forms.view(form, {"command": "incident me"}), "modal")  # raises what Slack would refuse


def test_what_is_filled_in_comes_back_as_words():
    values = {
        "line": {"answer": {"type": "plain_text_input", "value": "checkout is down"}},
        "empty": {"answer": {"type": "plain_text_input", "value": None}},
        "choice": {"answer": {"type": "static_select", "selected_option": {"value": "sev1"}}},
        "nothing": {"answer": {"type": "static_select", "selected_option": None}},
        "person": {"answer": {"type": "users_select", "selected_user": "U0ANA"}},
        "nobody": {"answer": {"type": "users_select", "selected_user": None}},
        "ticked": {"answer": {"type": "checkboxes", "selected_options": [{"value": "yes"}]}},
        "open": {"answer": {"type": "checkboxes", "selected_options": []}},
    }

    assert forms.filled_in(values) == {
        "line": "checkout is down",
        "empty": "",
        "choice": "sev1",
        "nothing": "",
        "person": "<@U0ANA>",
        "nobody": "",
        "ticked": "yes",
        "open": "",
    }


def test_a_form_remembers():
    form = Form(title="t", submit="s", fields=(FormField(name="a", label="A"),))

    assert forms.remembered(forms.view(form, {"command": "x", "incident": 7})) == {
        "command": "x",
        "incident": 7,
    }


def test_a_form_that_cannot_remember_it_all_is_not_opened():
    form = Form(title="t", submit="s", fields=(FormField(name="a", label="A"),))

    with pytest.raises(Rejected):
        forms.view(form, {"command": "x" * 3_000})


def test_a_title_is_as_long_as_slack_allows():
    form = Form(
        title="Open an incident, whatever it is", submit="s", fields=(FormField(name="a", label="A"),)
    )

    assert len(forms.view(form, {})["title"]["text"]) <= 24


# --- tables and charts ------------------------------------------------------------------------------------

TABLE = DataTable("Times", ("Time to", "Known"), (("detect", 2), ("", 0)), "• detect: Known 2")
CHART = DataChart("Pages by hour", ("00-02", "02-04"), (3, 0), "00-02: 3 · 02-04: 0")


def test_a_table_and_a_chart_are_slacks_own():
    table, chart = strict.sound_message(blocks(Message(text="x", parts=(TABLE, CHART))))

    assert table["rows"][1:] == [
        [{"type": "raw_text", "text": "detect"}, {"type": "raw_number", "value": 2, "text": "2"}],
        [{"type": "raw_text", "text": "–"}, {"type": "raw_number", "value": 0, "text": "0"}],  # noqa: RUF001
    ]
    assert chart["chart"]["axis_config"] == {"categories": ["00-02", "02-04"]}
    assert chart["chart"]["series"] == [
        {
            "name": "Pages by hour",
            "data": [{"label": "00-02", "value": 3}, {"label": "02-04", "value": 0}],
        }
    ]


@pytest.mark.parametrize(
    "part",
    [
        DataTable("Long", ("a",), (("x",),) * 101, "in words"),
        DataTable("Wide", ("a",) * 21, (("x",) * 21,), "in words"),
        DataTable("Large", ("a",), (("x" * 10_001,),), "in words"),
        DataChart("Long", tuple(map(str, range(24))), tuple(range(24)), "in words"),
        DataChart("Twice", ("x" * 30, "x" * 40), (1, 2), "in words"),
    ],
)
def test_what_is_too_large_for_slack_is_said_in_words(part: Part):
    [only] = blocks(Message(text="in words", parts=(part,)))

    assert only == {"type": "section", "text": {"type": "mrkdwn", "text": "in words"}}


def test_a_third_chart_is_said_in_words():
    drawn = blocks(Message(text="x", parts=(CHART, CHART, CHART)))

    assert [it["type"] for it in drawn] == ["data_visualization", "data_visualization", "section"]
