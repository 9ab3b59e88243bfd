"""Slack's markup becomes HTML: names instead of ids, and what a person typed stays text."""

from datetime import UTC, datetime

import pytest
from markupsafe import Markup

from bot.adapters.rendering.html import html, link
from bot.adapters.rendering.mrkdwn import moment

NAMES = {"U0ANA": "Ana & Co", "C0PAY": "payments"}.get
LINK = '<a href="{}" rel="noopener noreferrer">{}</a>'


def test_emphasis_code_lists_and_quotations_are_shown_as_in_slack():
    said = "*sev1* _now_ ~late~ `a*b`\n> they said\n> so\n• one\n• *two*\n```x <y>\nz```"

    assert html(said) == (
        "<b>sev1</b> <i>now</i> <s>late</s> <code>a*b</code>"
        "<blockquote>they said<br>so</blockquote><ul><li>one</li><li><b>two</b></li></ul>"
        "<pre><code>x &lt;y&gt;\nz</code></pre>"
    )


def test_people_and_channels_have_names_and_no_ids():
    said = html("<@U0ANA> in <#C0PAY>, <@U0XYZ> in <#C0XYZ>, <@U0XYZ|kim> and <!channel>", NAMES)

    assert said == (
        '<span class="person">@Ana &amp; Co</span> in <span class="channel">#payments</span>, '
        '<span class="person">someone</span> in <span class="channel">a channel</span>, '
        '<span class="person">someone</span> and @channel'
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<https://x.dev/a?b=1&amp;c=2|the graph>", LINK.format("https://x.dev/a?b=1&amp;c=2", "the graph")),
        ("see https://x.dev/a_b_c.", f"see {LINK.format('https://x.dev/a_b_c', 'https://x.dev/a_b_c')}."),
        ("<mailto:ana@x.dev|ana@x.dev>", "ana@x.dev"),
        ("<javascript:alert(1)|press>", "&lt;javascript:alert(1)|press&gt;"),
        ('<https://x.dev/"onclick="x|y>', LINK.format("https://x.dev/&#34;onclick=&#34;x", "y")),
    ],
)
def test_only_addresses_of_the_web_are_links(said: str, shown: str):
    assert html(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("`<b>` *<i>*", "<code>&lt;b&gt;</code> <b>&lt;i&gt;</b>"),
        ('"quoted" snake_case_name * a * ```', "&#34;quoted&#34; snake_case_name * a * ```"),
    ],
)
def test_what_a_person_typed_stays_text(said: str, shown: str):
    assert html(said) == shown


def test_a_time_is_the_readers_and_html_is_left_as_it_is():
    at = moment(datetime(2026, 11, 23, 12, tzinfo=UTC), now=None)

    assert html(at, when=lambda it: Markup("<time>{}</time>").format(f"{it:%H}")) == "<time>12</time>"
    assert html("<!date^999999999999^{time}|never>") == "never"
    assert html(Markup("<hr>")) == "<hr>"
    assert html(None) == ""


def test_a_link_to_anywhere_else_is_its_words():
    assert link("data:text/html,x", "a < b") == "a &lt; b"
