"""A browser without scripts, on the dashboard of a Spy in memory."""

import asyncio
import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import httpx

from bot.commands.request import Request, Response, Source
from bot.domain.policy import DashboardSettings
from bot.ports import Calendars, NoCalendars, WebTemplates
from bot.testing import SpyKit
from bot.web import Page, Shown, build_web, with_token
from bot.web.dashboard.site import DashboardSite

ADDRESS = "http://localhost:3000"


class Visitor:
    """One browser. `follow` opens a link, `sign_in` does it as a person does."""

    def __init__(
        self,
        site: DashboardSite,
        address: str = ADDRESS,
        to_people: Mapping[str, Page] = MappingProxyType({}),
    ) -> None:
        self._loop = asyncio.Runner()
        app = build_web(
            to_all=Shown(),
            with_token=Shown(),
            sees_all=with_token(""),
            readiness={},
            site=site,
            to_people=to_people,
        )
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self._loop.run(self._client.get(path, headers={"accept": "text/html", **(headers or {})}))

    def post(self, path: str, headers: Mapping[str, str] | None = None, **fields: str) -> httpx.Response:
        return self._loop.run(self._client.post(path, data=fields, headers=headers))

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the overview."""
        return self.post(path, csrf=self.csrf, **fields)

    @property
    def csrf(self) -> str:
        found = re.search('name="csrf" value="([^"]+)"', self.get("/").text)
        return found[1] if found else ""

    @property
    def cookies(self) -> Mapping[str, str]:
        return dict(self._client.cookies)

    def sign_in(self, link: str) -> httpx.Response:
        """Open a link, and press its button."""
        self.get(link)
        return self.post("/sign-in", key=key_of(link))

    def close(self) -> None:
        self._loop.run(self._client.aclose())
        self._loop.close()


@contextmanager
def visiting(spy: SpyKit, person: str | None = None) -> Iterator[Visitor]:
    """Return a browser, with a person who signed in."""
    visitor = Visitor(site_of(spy))
    try:
        if person:
            visitor.sign_in(link_for(spy, person))
        yield visitor
    finally:
        visitor.close()


def site_of(spy: SpyKit) -> DashboardSite:
    templates: Any = spy.templates
    if spy.policy.dashboard.address is None:
        spy.adopt(replace(spy.policy, dashboard=DashboardSettings(address=ADDRESS)))

    def answer(request: Request) -> Response:
        return spy.request(request)

    pages: WebTemplates = templates
    return DashboardSite(
        sessions=spy.sessions,
        clock=spy.clock,
        policy=lambda: spy.policy,
        templates=pages,
        answer=answer,
        registry=lambda: spy.registry,
        provided={Calendars: NoCalendars()},
    )


def link_for(spy: SpyKit, person: str) -> str:
    """Say `/spy web`, and return the link of the answer."""
    answer = spy.say("web", by=person, source=Source.SLASH).message
    found = re.search(r"<(http[^|>]+)>", answer.text if answer else "")
    assert found, answer
    return html.unescape(found[1])


def key_of(link: str) -> str:
    return link.partition("key=")[2]
