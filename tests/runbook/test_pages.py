"""Runbooks in a browser: the same document, escaped, with a form, and nothing that runs or is fetched."""

from html.parser import HTMLParser

import pytest

from bot.adapters.rendering.overrides import Folders
from bot.adapters.runbooks import RunbookPage, RunbookPages
from tests.runbook.library import Library
from tests.support.folders import TEMPLATES

EVIL = "<script>alert(1)</script> \"'><img src=x onerror=alert(1)> `x`"


class Elements(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, page: RunbookPage) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def names(self) -> set[str]:
        return {tag for tag, _ in self.all}


@pytest.fixture
def pages(library: Library) -> RunbookPages:
    return RunbookPages(library.runbooks, Folders([TEMPLATES]))


def test_a_page_is_filled_in_from_its_address(library: Library, pages: RunbookPages):
    library.put("# For {{ region }}\n\n```\nlogger {{ text }}\n```\n")

    page = pages.one("try", {"word": "db-1", "text": "it's; <down>", "region": "WEST"})

    assert page.status == 200
    assert "<h1>For west</h1>" in page.html
    assert "<pre><code>logger 'it'&quot;'&quot;'s; &lt;down&gt;'\n</code></pre>" in page.html.replace(
        "&#x27;", "'"
    )


def test_what_is_missing_is_asked_for_in_a_form(library: Library, pages: RunbookPages):
    library.put("Body of {{ word }}.\n")

    page = pages.one("try", {"text": "kept"})

    assert page.status == 200
    assert "Body of" not in page.html
    assert '<form method="get" action="/runbooks/try">' in page.html
    assert '<option value="east" selected>' in page.html
    assert "kept</textarea>" in page.html


def test_what_is_wrong_is_said(library: Library, pages: RunbookPages):
    library.put("Body of {{ word }}.\n")

    page = pages.one("try", {"word": "a b", "colour": "red"})

    assert page.status == 400
    assert "word is one word of letters" in page.html
    assert "try has no parameter colour" in page.html
    assert "Body of" not in page.html


def test_nothing_that_was_typed_becomes_html(library: Library, pages: RunbookPages):
    library.put(
        "<b>{{ text }}</b> [x](https://e.example/?q={{ text }}) `{{ word }}`\n\n```\necho {{ text }}\n```\n"
    )

    shown = [
        pages.one("try", {"word": "db-1", "text": EVIL}),
        pages.one("try", {"word": EVIL, EVIL: EVIL}),
        pages.one(EVIL, {}),
    ]

    for page in shown:
        elements = Elements(page)
        assert not elements.names() & {"script", "img", "b", "iframe", "object", "svg"}
        assert not [it for _, attributes in elements.all for it in attributes if it.startswith("on")]


def test_a_page_may_load_nothing_and_run_nothing(library: Library, pages: RunbookPages):
    library.put("![tracker](https://e.example/pixel)\n")

    page = pages.one("try", {"word": "db-1"})

    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert not Elements(page).names() & {"script", "img", "link"}


def test_a_page_knows_of_no_incident(library: Library, pages: RunbookPages):
    library.put("{% if incident %}secret{% endif %}Plain.\n", name="open")
    library.put("{{ incident.id }}\n", name="bound")

    free, bound = pages.one("open", {"word": "x"}), pages.one("bound", {"word": "x"})

    assert (free.status, "secret" in free.html, "Plain." in free.html) == (200, False, True)
    assert bound.status == 400
    assert "in an incident&#39;s channel" in bound.html


def test_the_list_links_to_each_and_names_no_file(library: Library, pages: RunbookPages):
    library.put("x\n")
    library.put("{{ nonsense }}\n", name="bad")

    page = pages.all()

    assert '<a href="/runbooks/try">Try</a>' in page.html
    assert str(library.folder) not in page.html
    assert "left out" in page.html


def test_what_is_not_there_is_not_found(pages: RunbookPages):
    assert pages.one("nothing", {}).status == 404
