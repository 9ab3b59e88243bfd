"""Templates draw messages and forms, and nothing typed by a user can ping, forge or break them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.rendering.mrkdwn import Mrkdwn, clip, flat, plain, typed
from bot.adapters.rendering.templates import JinjaTemplates, UnknownTemplateError
from bot.domain.message import Button, Buttons, Context, Divider, Fields, Header, Message, Section
from bot.ports import Form, FormField

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

Write = Callable[..., Message]


class Noon:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
def templates(tmp_path: Path) -> JinjaTemplates:
    return JinjaTemplates([tmp_path], clock=Noon())


@pytest.fixture
def say(tmp_path: Path, templates: JinjaTemplates) -> Write:
    def rendered(source: str, names: dict[str, str] | None = None, **facts: object) -> Message:
        (tmp_path / "said.j2").write_text(source)
        return templates.render("said", facts, names=(names or {}).get)

    return rendered


@pytest.fixture
def asked(tmp_path: Path, templates: JinjaTemplates) -> Callable[..., Form]:
    def filled(source: str, **facts: object) -> Form:
        (tmp_path / "asked.form.j2").write_text(source)
        return templates.form("asked", facts)

    return filled


# --- messages


def test_a_template_of_words_alone_is_text_without_parts(say: Write) -> None:
    assert say("Paged {{ team }}.\n", team="imoc") == Message(text="Paged imoc.")


def test_parts_say_nothing_that_the_plain_text_does_not_say(say: Write) -> None:
    message = say(
        "{% call header() %}INC-42 {{ name }}{% endcall %}\n"
        "Led by ana.\n"
        "\n\n\n"
        "Next update soon.   \n"
        "{% call fields() %}\n"
        '{{ field("Severity", "sev1") }}\n'
        '{{ field("Phase", "triage") }}\n'
        "{% endcall %}\n"
        "{{ divider() }}\n"
        "{% call context() %}\nopened by raj\n{% endcall %}\n"
        '{{ button("Take command", say="incident 42 take", style="primary", confirm="Sure?") }}\n'
        '{{ button("Docs", url="https://example.com/?a=1&b=2") }}\n',
        name="checkout & cart",
    )

    assert message.parts == (
        Header("INC-42 checkout &amp; cart"),
        Section("Led by ana.\n\nNext update soon."),
        Fields(("*Severity*\nsev1", "*Phase*\ntriage")),
        Divider(),
        Context("opened by raj"),
        Buttons(
            (
                Button(label="Take command", say="incident 42 take", style="primary", confirm="Sure?"),
                Button(label="Docs", url="https://example.com/?a=1&b=2"),
            )
        ),
    )
    assert message.text == (
        "INC-42 checkout &amp; cart\nLed by ana.\n\nNext update soon.\n"
        "Severity: sev1\nPhase: triage\nopened by raj"
    )


def test_text_between_buttons_parts_their_rows(say: Write) -> None:
    message = say('{{ button("A", say="a") }}\nor\n{{ button("B", say="b") }}')

    assert message.parts == (
        Buttons((Button(label="A", say="a"),)),
        Section("or"),
        Buttons((Button(label="B", say="b"),)),
    )


def test_a_button_without_a_destination_is_not_drawn(say: Write) -> None:
    assert say('Hello{{ button("Room", url=url) }}', url=None) == Message(text="Hello")


def test_blocks_and_loops_leave_no_blank_lines(say: Write) -> None:
    source = "Pages:\n{% for page in pages %}\n{% if page %}\n- {{ page }}\n{% endif %}\n{% endfor %}\nEnd"

    assert say(source, pages=["a", "", "b"]).text == "Pages:\n- a\n- b\nEnd"


def test_a_macro_may_draw_parts_and_links(say: Write) -> None:
    message = say(
        '{% macro take(n) %}{{ button("Take", say="incident " ~ n ~ " take") }}{{ caller() }}{% endmacro %}'
        "{% call take(7) %}{{ url | link(name) }}{% endcall %}",
        url="https://example.com",
        name="a & b",
    )

    assert message == Message(
        text="<https://example.com|a &amp; b>",
        parts=(
            Buttons((Button(label="Take", say="incident 7 take"),)),
            Section("<https://example.com|a &amp; b>"),
        ),
    )


def test_a_part_inside_a_heading_is_refused(say: Write) -> None:
    with pytest.raises(ValueError, match="Words only"):
        say('{% call header() %}x {{ button("Take", say="take") }}{% endcall %}')


def test_a_missing_template_names_where_it_was_sought(templates: JinjaTemplates, tmp_path: Path) -> None:
    with pytest.raises(UnknownTemplateError, match=re.escape(str(tmp_path / "incident/opned.j2"))):
        templates.render("incident/opned", {})


def test_a_missing_fact_is_an_error_not_a_blank(say: Write) -> None:
    with pytest.raises(Exception, match="'team' is undefined"):
        say("{{ team }}")


def test_the_first_folder_wins(tmp_path: Path) -> None:
    for name in ("ours", "shipped"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hello.j2").write_text(name)
    (tmp_path / "shipped" / "more.j2").write_text("more")
    templates = JinjaTemplates([tmp_path / "ours", tmp_path / "shipped"])

    assert [templates.render(name, {}).text for name in ("hello", "more")] == ["ours", "more"]


# --- what people typed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("<!channel> <!here|here> <!everyone>", "@channel @here @everyone"),
        ("<!subteam^S0SRE|@sre> <!subteam^S0SRE>", "@sre @team"),
        ("<!chan\x01nel>", "@channel"),
        ("<<!channel>!channel>", "&lt;@channel!channel&gt;"),
        ("<https://evil|<!channel>>", "&lt;https://evil|@channel&gt;"),
        ("<!CHANNEL> <!weird>", "&lt;!CHANNEL&gt; &lt;!weird&gt;"),
        ("ask <@U0ANA|ana> in <#C0PAY|payments>", "ask <@U0ANA> in <#C0PAY>"),
        ("<https://x.org/?a=1&b=2|a&b>", "<https://x.org/?a=1&amp;b=2|a&amp;b>"),
        ("<mailto:a@b.c|a@b.c>", "<mailto:a@b.c|a@b.c>"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("a &lt; b &amp;&amp; c", "a &lt; b &amp;&amp; c"),
        ("a < b && c's", "a &lt; b &amp;&amp; c's"),
        ("tab\tand\x1b[31m red\x85\ud83d", "tab\tand[31m red"),
        (None, ""),
        (3, "3"),
    ],
)
def test_what_was_typed_is_safe_to_say(given: object, said: str, say: Write) -> None:
    assert say("{{ x }}", x=given).text == said
    assert say("{{ x | typed }}", x=given).text == said


PARTICLES = (  # noqa: SIM905  thirty lines would hide what is tried
    "< > & | ! @ # ^ amp; lt; &amp; channel here everyone <!channel> <!here|x> <!subteam^S1> <!date^1^{time}|x> "
    "<@U0ANA> <https://x| https:// U0ANA ' {{ %} \x02 0 \x03 \x020\x03 \x00 \u202e \ud800"
).split(" ")

ODD = st.lists(st.sampled_from([*PARTICLES, " ", "\n"]) | st.text(max_size=3), max_size=12).map("".join)

ALLOWED = re.compile(
    r"<@[UW][A-Z0-9]+>|<#[CGD][A-Z0-9]+>|<(?:https?://|mailto:)[^<>|\s]+(?:\|[^<>\n]*)?>"
    r"|<!date\^\d+\^[^<>|^\n]+(?:\|[^<>\n]*)?>"
)
QUOTED = re.compile("^>", re.MULTILINE)


def is_harmless(text: str) -> bool:
    """Whether no live mark is left besides the allowed ones, and every & begins an escape."""
    rest = ALLOWED.sub("", text)
    return not re.search(r"[<>]|&(?!(?:amp|lt|gt);)|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", rest)


@given(ODD)
def test_nothing_typed_can_ping_or_forge(text: str) -> None:
    assert is_harmless(typed(text))
    assert not ALLOWED.search(flat(text))


@given(ODD)
def test_typed_text_may_pass_twice(text: str) -> None:
    once = str(typed(text))

    assert typed(once) == once


@given(ODD, st.integers(1, 40))
def test_clipping_keeps_within_its_length_and_breaks_no_mark(text: str, most: int) -> None:
    clipped = clip(text, most)

    assert len(clipped) <= most
    assert is_harmless(clipped)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])))
def test_escaping_comes_undone_where_slack_reads_no_escapes(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert plain(escaped) == text


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> JinjaTemplates:
    folder = tmp_path_factory.mktemp("templates")
    (folder / "all.j2").write_text(
        "{% macro m(x) %}{{ x }}\n{{ x | quote }}{% endmacro %}"
        "{% call header() %}{{ x }}{% endcall %}{{ x }}{{ m(x) }}{{ x | bold }}{{ x ~ x }}{{ x | clip(9) }}"
        '{{ x | upper }}{{ "https://x/" | link(x) }}{{ x | link("x") }}{{ x | person }}{{ x | mention }}'
        "{{ x | channel }}{{ [x, x] | join(', ') }}{% set y %}{{ x }}{% endset %}{{ y }}"
        "{% call fields() %}{{ field(x, x) }}{% endcall %}{% call context() %}{{ x }}{% endcall %}"
        "{{ button(x, say=x, confirm=x) }}"
    )
    return JinjaTemplates([folder])


@given(ODD)
def test_no_way_through_a_template_lets_typed_text_ping_or_forge(
    everything: JinjaTemplates, text: str
) -> None:
    message = everything.render("all", {"x": text}, names=lambda person: person)

    said = [message.text]
    for part in message.parts:
        match part:
            case Header(words) | Section(words) | Context(words):
                said.append(words)
            case Fields(texts):
                said.extend(texts)
            case Buttons(buttons):
                said.extend(each for button in buttons for each in (button.label, button.confirm or ""))
            case Divider():
                pytest.fail("nobody drew a divider")
    assert all(is_harmless(QUOTED.sub("", words)) for words in said)
    assert sum(isinstance(part, Buttons) for part in message.parts) == (1 if text else 0)


# --- filters


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOON + timedelta(minutes=30), "<!date^1795437000^{time}|12:30 UTC>"),
        ((NOON + timedelta(minutes=30)).isoformat(), "<!date^1795437000^{time}|12:30 UTC>"),
        (
            NOON - timedelta(days=20),
            "<!date^1793707200^{date_short} {time}|Nov 3 12:00 UTC>",
        ),
        (None, ""),
    ],
)
def test_a_time_is_told_in_utc_and_in_the_readers_zone(at: object, said: str, say: Write) -> None:
    assert say("{{ at | when }}", at=at).text == said


def test_a_time_without_a_zone_is_refused(say: Write) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        say("{{ at | when }}", at="2026-11-23T12:00:00")


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=40), "40 s"),
        (300, "5 min"),
        (timedelta(minutes=65), "1 h 05"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (-5, "0 s"),
        (0.4, "0 s"),
        (None, ""),
    ],
)
def test_a_duration_is_told_in_two_units(length: object, said: str, say: Write) -> None:
    assert say("{{ length | span }}", length=length).text == said


def test_what_is_made_of_a_name_is_not_kept_for_the_next_reader(tmp_path: Path) -> None:
    (tmp_path / "done.j2").write_text("by {{ 'U0ANA' | person }}", encoding="utf-8")
    templates = JinjaTemplates([tmp_path])

    drawn = [templates.render("done", {}, names={"U0ANA": it}.get).text for it in ("Ana", "Ana Lima")]

    assert drawn == ["by Ana", "by Ana Lima"]


def test_ago_counts_from_a_moment(say: Write) -> None:
    assert say("{{ at | ago }} ago", at=NOON - timedelta(minutes=5)).text == "5 min ago"


def test_a_person_is_named_where_known_and_mentioned_where_not(say: Write) -> None:
    source = "{{ 'U0ANA' | person }}, {{ 'U0RAJ' | person }}, {{ 'U0ANA' | mention }}, {{ 'Ana' | person }}"

    assert say(source, names={"U0ANA": "ana"}).text == "ana, <@U0RAJ>, <@U0ANA>, Ana"


def test_a_heading_names_people_for_it_can_mention_nobody(say: Write) -> None:
    message = say(
        "{% call header() %}{{ x }}{% endcall %}{{ button(x, say='x') }}",
        names={"U0ANA": "Ana"},
        x="ask <@U0ANA|ana> & <@U0RAJ>",
    )

    assert message.parts[0] == Header("ask @Ana &amp; @U0RAJ")
    assert message.text == "ask @Ana &amp; @U0RAJ"
    assert message.parts[1] == Buttons((Button(label="ask @Ana &amp; @U0RAJ", say="x"),))


def test_other_filters(say: Write) -> None:
    source = (
        "{{ 'C0PAY' | channel }} {{ x | bold }} {{ plural(1, 'page') }} {{ plural(2, 'page') }}"
        " {{ link('https://x|y', x) }}\n{{ 'a\nb' | quote }}"
    )

    assert say(source, x="a<b").text == ("<#C0PAY> *a&lt;b* 1 page 2 pages <https://x%7Cy|a&lt;b>\n>a\n>b")


def test_clipping_leaves_short_text_alone() -> None:
    assert clip("a &amp; b", 20) == "a &amp; b"
    assert clip("checkout is down", 9) == "checkout…"
    assert clip(Mrkdwn("see <https://example.com|the page>"), 12) == "see…"


# --- forms


def test_a_form_is_filled_in(asked: Callable[..., Form]) -> None:
    form = asked(
        '{{ title("Open an incident") }}{{ submit("Open") }}{{ intro("In " ~ where) }}\n'
        '{{ ask("name", "What is happening?", initial=name, hint="A few words", max_length=80) }}\n'
        '{{ ask("severity", "How bad?", kind="choice", options=severities, optional=true) }}\n',
        where="<#C0PAY|payments>",
        name="a &amp; <@U0ANA|ana>",
        severities=[("sev1", "sev1: all hands")],
    )

    assert form == Form(
        title="Open an incident",
        submit="Open",
        intro="In <#C0PAY>",
        fields=(
            FormField(
                name="name",
                label="What is happening?",
                hint="A few words",
                initial="a & @ana",
                max_length=80,
            ),
            FormField(
                name="severity",
                label="How bad?",
                kind="choice",
                options=(("sev1", "sev1: all hands"),),
                optional=True,
            ),
        ),
    )


def test_a_form_without_a_title_is_refused(asked: Callable[..., Form]) -> None:
    with pytest.raises(ValueError, match="must call title"):
        asked('{{ submit("Open") }}')


def test_until_counts_from_one_moment_to_another(say: Write) -> None:
    message = say("in {{ start | until(end) }}", start=NOON, end="2026-11-23T12:30:00Z")

    assert message.text == "in 30 min"
