"""Markdown for GitHub: what people typed is read as they typed it, whatever signs are in it."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.adapters.rendering.markdown import inline, link, paragraphs

NAMES = {"U0ANA": "Ana Lima"}
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def read(markdown: str) -> str:
    """What a reader sees of it, without tags."""
    drawn = GITHUB.render(f"- {markdown}")
    text = html.unescape(re.sub(r"<[^>]+>", "", drawn))
    return " ".join(text.replace("\u200b", "").split())


TYPED = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co"], exclude_characters="&<")
"""What a person may type, but for Slack's own signs: those have their cases below."""


@given(st.text(alphabet=TYPED, max_size=60))
def test_any_text_is_read_as_it_was_typed(text: str):
    assert read(inline(text)) == " ".join(text.split())


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("@octocat broke #12 and GH-7", "@&#8203;octocat broke #&#8203;12 and GH-&#8203;7"),
        ("<@U0ANA> and <!channel>", "@&#8203;Ana Lima and @&#8203;channel"),
        ("<https://a.example/(x)|a [b]>", r"[a \[b\]](https://a.example/%28x%29)"),
        ("see https://a.example/x_y_z.", "see <https://a.example/x_y_z>."),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("<!-- spy:section x 0 -->", "&lt;!-- spy:section x 0 --&gt;"),
        ("1. one\n2. two", r"1\. one 2. two"),
        ("a | b", r"a \| b"),
        (None, ""),
    ],
)
def test_signs_and_mentions_are_made_safe(typed: str | None, written: str):
    assert inline(typed, NAMES.get) == written


def test_lines_become_paragraphs_of_which_each_is_safe():
    assert paragraphs("one\n\n# two\n- three") == "one\n\n\\# two\n\n\\- three"


def test_what_is_no_address_is_no_link():
    assert link("javascript:alert(1)", "here") == "here"
    assert link(None) == ""
