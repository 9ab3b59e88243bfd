"""Who reads the pages of an organisation: people who are signed in, and those who see everything."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from bot.ports import Unavailable
from bot.web.access import REFUSED, SeesAll
from bot.web.answer import Page, WebAnswer
from bot.web.dashboard.routes import read_request
from bot.web.dashboard.site import NO_DATABASE, UNAVAILABLE, DashboardSite


@dataclass(frozen=True, kw_only=True)
class Readers:
    sees_all: SeesAll
    site: DashboardSite | None = None

    def may_read(self, request: Request) -> bool:
        if self.sees_all(request.headers):
            return True
        if self.site is None:
            return False
        with self.site.reading() as tx:
            return self.site.viewer(read_request(request), tx) is not None

    def refused(self, request: Request) -> WebAnswer:
        """Return the page that says how to sign in; where nobody can, how to send the token."""
        if self.site is None or not self.site.policy().dashboard.address:
            return REFUSED
        with self.site.reading() as tx:
            return self.site.signed_out(read_request(request), tx)

    def only(self, page: Page, request: Request) -> Page:
        """Return the page as this request gets it."""

        def shown(name: str, query: Mapping[str, str]) -> WebAnswer:
            try:
                return page(name, query) if self.may_read(request) else self.refused(request)
            except Unavailable:
                return WebAnswer(status=UNAVAILABLE, body=f"{NO_DATABASE}\n")

        return shown
