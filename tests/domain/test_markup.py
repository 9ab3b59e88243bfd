"""What a person typed letter by letter reads as it was typed, and becomes no mark of Slack's."""

import pytest

from bot.domain.incident.name import channel_name
from bot.domain.markup import cleaned, plain_prose


@pytest.mark.parametrize(
    ("brought", "typed"),
    [
        ("a &lt;@ops&gt; b", "a <@ops> b"),
        ("a &lt;#payments&gt; b", "a <#payments> b"),
        ("&lt;!-- todo --&gt;", "<!-- todo -->"),
        ("&lt;@&gt; &lt;!&gt; &lt;#&gt;", "<@> <!> <#>"),
        ("Map&lt;@Nullable String&gt;", "Map<@Nullable String>"),
        ("p99 &lt; 3 s &amp;&amp; x &gt; 2", "p99 < 3 s && x > 2"),
        ("&lt;@U0ANA is out", "<@U0ANA is out"),
        ("see &lt;<https://x.io>&gt;", "see <https://x.io>"),
    ],
)
def test_typed_brackets_come_whole(brought: str, typed: str):
    assert plain_prose(brought) == typed
    assert plain_prose(cleaned(brought)) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "&lt;@U0ANA&gt;",
        "&lt;@U0ANA|ana&gt;",
        "&lt;#C0PAY|pay&gt;",
        "&lt;!here&gt;",
        "&lt;!subteam^S0SRE|@sre&gt;",
        "&lt;https://x.io|y&gt;",
        "&lt;https://x.io?a&amp;b&gt;",
    ],
)
def test_a_mark_that_was_typed_letter_by_letter_does_not_become_one(typed: str):
    plain = cleaned(typed)

    assert "<" not in plain
    assert plain.startswith("&lt;")
    assert plain.endswith("&gt;")


def test_an_incidents_name_with_typed_brackets_has_no_letters_of_escapes():
    assert channel_name(1, "a &lt;@ops&gt; b") == "inc-1-a-ops-b"
    assert (
        channel_name(1, "a &lt;@U0ANA&gt; b") == "inc-1-a-u0ana-b"
    )  # typed letter by letter: it names nobody
    assert channel_name(1, "a <@U0ANA> b") == "inc-1-a-someone-b"


@pytest.mark.parametrize("much", ["&lt;", "&lt;@U1|", "&lt;https://", "&lt;!a^", "&amp;"])
def test_many_brackets_are_read_in_one_go(much: str):
    assert cleaned(much * 5_000)
