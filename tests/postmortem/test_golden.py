"""The postmortems of three incidents, word for word. `python -m tests.support.stories` writes the files anew."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.stories import STORIES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", STORIES)
def test_the_postmortem_reads_as_its_golden_file_does(name: str):
    document = STORIES[name]().document()

    assert document.text == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_the_picture_is_drawn_as_its_golden_file_is(name: str):
    picture = STORIES[name]().picture()

    assert picture == (GOLDEN / f"{name}.svg").read_text(encoding="utf-8")


def test_nothing_that_was_typed_pings_or_breaks_out():
    text = STORIES["hostile"]().document().text

    drawn = MarkdownIt("commonmark").enable("table").render(text)
    headings = re.findall(r"<h2>(.*?)</h2>", drawn)
    assert headings[:2] == ["TL;DR", "Impact"]
    assert len(headings) == 13
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert "spy:section" not in re.sub(r"&lt;!-- spy:section summary 0 --&gt;", "", drawn)
    assert not re.search(r"@\w", text)
