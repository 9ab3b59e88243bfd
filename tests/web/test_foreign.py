"""Whatever stands in the texts of a webhook, no message made of it notifies somebody or links elsewhere."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.changes import webhook as of_tools
from bot.adapters.github import webhook as of_github
from bot.adapters.pagerduty import changes as of_change_events
from bot.adapters.pagerduty import webhook as of_pagerduty
from bot.adapters.rendering import markdown
from bot.domain.changes.change import Change
from bot.domain.foreign import address, inert
from bot.ports import IssueNews, PagerNews, Rejected
from bot.services.changes.changes import Changes
from bot.services.paging.pager_results import PagerResults
from bot.testing import FrozenClock, SpyKit
from tests.adapters.test_pagerduty_webhook import SECRET, signed, webhook
from tests.support import samples
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<!subteam^S0EVIL|@sre>",
    "<@U0EVIL>",
    "<@W0EVIL|boss>",
    "<#C0EVIL|general>",
    "<https://evil.example|click>",
    "<<https://evil.example|click>>",
    "<mailto:a@evil.example|write>",
    "<slack://evil.example|open>",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "https://evil.example",
    "www.evil.example and HTTPS://evil.example",
    "&lt;!channel&gt; &lt;@U0EVIL&gt; &amp;lt;!here&amp;gt;",
    "*bold* _it_ ~no~ `code` ```\nblock",
    "a\n> quoted\n\u2028<!channel>\u0085<!here>\r\x00",
    "\u202eevil\u202c \u2066x\u2069 z\u200bw\ufeff <!chan\u200bnel>",
    "@octo-org/team fixes #12 GH-12",
    "<!channel>" * 1000,
)
LIVE = re.compile(
    r"<!(?:channel|here|everyone|subteam)|<[@#]\w*EVIL|<(?:https?|mailto|slack):[^<>|]*evil"
    r"|https?://evil|www\.evil|[\u202a-\u202e\u2066-\u2069]",
    re.IGNORECASE,
)
TOLD = {
    "service": "checkout",
    "title": "deploy",
    "kind": "deploy",
    "url": "https://x.example",
    "author": "ana",
    "at": "2026-11-23T11:30:00Z",
    "ref": "4f2a1c",
    "outcome": "success",
    "id": "7",
}
CHANGE_EVENT = {
    "id": "PCHG1",
    "summary": "deploy",
    "timestamp": "2026-11-23T11:30:00Z",
    "source": "ci",
    "services": [{"id": "PSVC1"}],
    "links": [{"href": "https://x.example"}],
    "html_url": "https://x.example",
}


def leaves(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all texts in it."""
    if isinstance(told, str):
        yield path
    for key, inner in (
        told.items() if isinstance(told, dict) else enumerate(told if isinstance(told, list) else ())
    ):
        yield from leaves(inner, (*path, key))


def bent(told: Any, path: tuple[Any, ...], words: str) -> Any:
    place = copy = deepcopy(told)
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = words
    return copy


def read_of_github(name: str, told: Any) -> Any:
    return of_github.news(
        samples.event(name), samples.body(told), service_of=lambda _repository: None, heard_at=NOW
    )


def read_of_pagerduty(told: Any) -> Any:
    body = samples.body(told)
    return of_pagerduty.news(body, signed(body), [SECRET])


def read_of_tools(told: Any) -> Any:
    return of_tools.news(samples.body(told), signature="v1=a", heard_at=NOW)


def all_news() -> Iterator[tuple[str, Any]]:
    """Everything that is read of a webhook with one hostile text in it. Each field once for each text."""
    readers: list[tuple[Any, Any]] = [(json.loads(webhook(kind)), read_of_pagerduty) for kind in EVENTS]
    readers += [(TOLD, read_of_tools)]
    readers += [(CHANGE_EVENT, lambda told: of_change_events.change(told, heard_at=NOW))]
    readers += [
        (samples.payload(name), lambda told, name=name: read_of_github(name, told))
        for name in samples.names()
    ]
    seen = set[tuple[str, str]]()
    for told, read in readers:
        plain = read(told)
        for path in leaves(told):
            changed = fields_changed(plain, _read(read, bent(told, path, "evil")))
            for words in HOSTILE if changed else ():
                if (changed, words) not in seen:
                    seen.add((changed, words))
                    yield words, _read(read, bent(told, path, words))


def fields_changed(plain: Any, news: Any) -> str:
    """The names of the fields that a text changed; "" if it changed none."""
    if plain == news or plain is None or news is None:
        return ""
    before, after = (asdict(it) for it in (plain, news))
    return f"{type(plain).__name__} {[name for name in before if before[name] != after[name]]}"


EVENTS = ("incident.acknowledged", "incident.escalated", "incident.resolved", "incident.unacknowledged")


def _read(read: Any, told: Any) -> Any:
    try:
        return read(told)
    except Rejected:
        return None


@pytest.fixture(scope="module")
def spy() -> SpyKit:
    """An incident with a page, and all of Spy's own plugins and templates."""
    clock = FrozenClock()
    spy = SpyKit(PLUGINS, clock=clock, templates=shipped(clock))
    spy.say('incident me "checkout is down" sev1')
    spy.create_channel(1, channel="C0INC1")
    return spy


def shown(message: Any) -> str:
    return f"{message.text} {message.parts}"


def all_messages(spy: SpyKit, news: Any) -> Iterator[str]:
    """Every message that this news appears in, on a copy of the database."""
    copy = spy.restarted()
    with copy.tx() as tx:
        if isinstance(news, PagerNews):
            PagerResults(tx).sent(1, replace(news.page, id="Q1", status="triggered"))
            PagerResults(tx).record(replace(news, page=replace(news.page, id="Q1")))
        elif isinstance(news, Change):
            Changes(tx).hear(replace(news, happened_at=copy.clock.now(), service="checkout"))
    for words in (
        "changes",
        "incident suspect 1",
        "incident tldr",
        "timeline",
        "changes",
        "postmortem export dry",
    ):
        answer = copy.say(words, channel="C0INC1")
        yield shown(answer.message) if answer.message else ""
    for kind, ref in (("card", 1), ("page", 1), ("announcement", 1)):
        yield shown(copy.message_type(kind, ref))
    yield from copy.lines(1)


def test_no_text_of_a_webhook_notifies_or_links(spy: SpyKit):
    count = 0
    for words, news in all_news():
        if isinstance(news, Change | PagerNews):
            has_address = isinstance(news, Change) and (news.url or "").startswith(words)
            for text in all_messages(spy, news):
                assert not LIVE.search(text) or has_address, (words, news, text)
                count += 1
    assert count > 1_000


def test_what_is_news_of_an_issue_is_harmless_too():
    for _words, news in all_news():
        if isinstance(news, IssueNews):
            assert not LIVE.search(f"{news.reason} {news.by}")


@pytest.mark.parametrize("words", HOSTILE)
def test_a_document_on_github_shows_it_as_plain_text(words: str):
    text = re.sub(r"&#?\w+;", "·", markdown.inline(inert(words)))

    assert not re.search(r"https?://|www\.|(?<!\\)[`\[\]]|@(?=[\w])|#(?=\d)|<", text, re.IGNORECASE), text


@pytest.mark.parametrize("words", HOSTILE)
def test_a_foreign_text_is_one_short_line(words: str):
    assert len(inert(words, 80).replace("&lt;", "<").replace("&gt;", ">").replace("\u200b", "")) <= 80
    assert len(inert(words, 80).splitlines()) == 1
    assert "```" not in inert(words)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://evil.example\u202e",
        "https://a b",
        "https://a\nb",
        "<https://evil.example|click>",
        "https://" + "x" * 10_000,
    ],
)
def test_what_is_no_address_is_left_out(url: str):
    assert address(url) is None


def test_ordinary_words_stay_as_they_are():
    for words in ("Ana Lima", "fix: a -> b & c < d", "feature_x_y #12", "🔥 ünïx", "1:2", "مرحبا"):
        assert inert(words) == words


@pytest.mark.parametrize("mark", ["<#C0EVIL|general>", "<!channel>", '"', "a|b"])
def test_an_address_has_no_markup_in_it(mark: str):
    assert address(f"https://tools.example/{mark}") is None


def test_an_address_of_a_comparison_stays():
    url = "https://github.com/acme/checkout/compare/6113728f27ae^...76ae82c7b1a1"

    assert address(url) == url
