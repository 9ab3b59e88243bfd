"""Answer browsers: find out who looks, run the page in a read-only transaction, and render it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hmac import compare_digest
from typing import Any

import structlog
from itsdangerous import Signer

from bot.commands.command import made
from bot.commands.discretion import private_incidents
from bot.commands.plugins import CommandRegistry
from bot.commands.request import Request, Response
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.domain.web_key import LINK_LASTS
from bot.ports import Clock, Sessions, Unavailable, WebTemplates
from bot.services.people import People
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction
from bot.services.web_keys import WebKeys
from bot.web.answer import NotHere, WebAnswer
from bot.web.dashboard.browser import Cookie, WebRequest, page_of
from bot.web.dashboard.page import (
    PAGES,
    DashboardPage,
    Download,
    MenuEntry,
    PageAnswer,
    PageReply,
    PageRequest,
    PublicRequest,
    Viewer,
)
from bot.web.dashboard.static_files import address_of

log = structlog.get_logger()
SOURCE = "web"
SIGNED_OUT, BAD_REQUEST, NOT_FOUND, UNAVAILABLE = 401, 400, 404, 503
NO_PAGE = "There is no such page, or you can't see it."
NO_DATABASE = "The database does not answer. Slack commands wait for it too. Try again in a minute."


@dataclass(frozen=True, kw_only=True)
class DashboardSite:
    """What all pages share. `provided` are services that a transaction does not make: runbooks, calendars."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    templates: WebTemplates
    answer: Callable[[Request], Response]
    """Runs a command: the router that all other ways in use too."""
    registry: Callable[[], CommandRegistry]
    provided: Mapping[type, Any] = field(default_factory=dict)
    beside: Callable[[], Sequence[MenuEntry]] = tuple
    """Returns what the menu shows beside the dashboard's own pages, to people who are signed in."""

    # --- who looks ---

    @property
    def session_cookie(self) -> Cookie:
        return Cookie(name="spy", address=self.policy().dashboard.address)

    @property
    def next_cookie(self) -> Cookie:
        """Return the cookie with what a browser asked for before its person signed in."""
        return Cookie(name="spy-next", address=self.policy().dashboard.address)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a read-only transaction."""
        with self.sessions.read() as session:
            yield Transaction(session=session, now=self.clock.now(), policy=self.policy(), source=SOURCE)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction for signing in and out: all else is written by commands."""
        with self.sessions.begin() as session:
            yield Transaction(session=session, now=self.clock.now(), policy=self.policy(), source=SOURCE)

    def viewer(self, request: WebRequest, tx: Transaction) -> Viewer | None:
        """Return who is signed in with this browser."""
        secret = self.session_cookie.read(request)
        person = WebKeys(tx).person_of(secret) if secret else None
        if person is None:
            return None
        people = People(tx)
        return Viewer(
            id=person,
            name=people.name(person) or person,
            zone=people.zone(person),
            csrf=Signer(secret, salt="csrf").get_signature("form").decode(),
        )

    def is_from_form_of(self, viewer: Viewer, request: WebRequest) -> bool:
        """Return whether a form was sent from a page that this viewer got."""
        given = request.form.get("csrf", "")
        is_own = not request.is_from_elsewhere(self.policy().dashboard.address)
        return is_own and compare_digest(given.encode(), viewer.csrf.encode())

    # --- pages ---

    def show(self, page: DashboardPage, request: WebRequest) -> WebAnswer:
        """Return a page to those who may see it. Commands that are being answered go first."""
        self.sessions.give_way()
        try:
            with self.reading() as tx:
                viewer = self.viewer(request, tx)
                if viewer is None and not page.is_public:
                    return self.signed_out(request, tx)
                return self._shown(page, request, viewer, tx)
        except Unavailable:
            return self.failed(request, NO_DATABASE, status=UNAVAILABLE)

    def _shown(
        self, page: DashboardPage, request: WebRequest, viewer: Viewer | None, tx: Transaction
    ) -> WebAnswer:
        try:
            answer = page.run(_asked(page, request, viewer), **self._wired(page, tx))
            _must_be_seen(answer, viewer, tx)
        except NotHere as nothing:
            return self.failed(request, nothing.sentence, status=NOT_FOUND, viewer=viewer, tx=tx)
        except Refusal as refusal:
            return self.failed(request, refusal.sentence, status=BAD_REQUEST, viewer=viewer, tx=tx)
        if isinstance(answer, Download):
            return _file(answer)
        return page_of(self.html(answer.template, answer.facts, request, viewer=viewer, tx=tx))

    def _wired(self, page: DashboardPage, tx: Transaction) -> Mapping[str, Any]:
        """Return what a page asks for by its keyword-only parameters."""
        here = {**self.provided, Transaction: tx, CommandRegistry: self.registry()}
        return made(page.services, tx, here)

    def missing(self, request: WebRequest) -> WebAnswer:
        """Return the answer for a path that no page has."""
        try:
            with self.reading() as tx:
                viewer = self.viewer(request, tx)
                if viewer is None:
                    return self.signed_out(request, tx)
                return self.failed(request, NO_PAGE, status=NOT_FOUND, viewer=viewer, tx=tx)
        except Unavailable:
            return self.failed(request, NO_DATABASE, status=UNAVAILABLE)

    def signed_out(self, request: WebRequest, tx: Transaction) -> WebAnswer:
        """Return the page that says how to sign in. It says the same whatever was asked for."""
        facts = {"address": tx.policy.dashboard.address}
        html = self.html("web/signed_out", facts, request, viewer=None, tx=tx)
        goes_on = self.next_cookie.set(request.address, lasts=LINK_LASTS) if request.method == "GET" else {}
        return page_of(html, status=SIGNED_OUT, headers={"www-authenticate": "Spy", **goes_on})

    def failed(
        self,
        request: WebRequest,
        sentence: str,
        *,
        status: int,
        viewer: Viewer | None = None,
        tx: Transaction | None = None,
    ) -> WebAnswer:
        """Return a page with a sentence."""
        html = self.html("web/refused", {"sentence": sentence}, request, viewer=viewer, tx=tx)
        return page_of(html, status=status)

    def html(
        self,
        template: str,
        facts: Mapping[str, Any],
        request: WebRequest,
        *,
        viewer: Viewer | None,
        tx: Transaction | None,
    ) -> str:
        """Render a template, with what the layout needs beside its own facts."""
        around = {
            "viewer": viewer,
            "path": request.path,
            "query": request.query,
            "theme": request.theme,
            "is_wall": request.is_wall,
            "menu": self._menu(viewer),
            "static": address_of,
            "severities": list(self.policy().severities),
            "now": self.clock.now(),
        }
        return self.templates.page(
            template,
            {**around, **facts},
            names=cache(People(tx).name) if tx else lambda _person: None,
            zone=viewer.zone if viewer else "UTC",
        )

    def _menu(self, viewer: Viewer | None) -> Sequence[MenuEntry]:
        own = [it for it in PAGES if it.menu and (viewer or it.is_public)]
        return [*own, *self.beside()] if viewer else own


def _asked(page: DashboardPage, request: WebRequest, viewer: Viewer | None) -> PageRequest | PublicRequest:
    if page.is_public or viewer is None:
        return PublicRequest(path=request.parts, query=request.query)
    return PageRequest(viewer=viewer, path=request.parts, query=request.query)


def _must_be_seen(answer: PageAnswer, viewer: Viewer | None, tx: Transaction) -> None:
    """Refuse a page that shows a private incident which nobody found its viewer to see: the page forgot to ask."""
    if not isinstance(answer, PageReply):
        return
    access, known = ReadAccess(tx), {*tx.understood.shown}
    for it in private_incidents(answer.facts, tx):
        if it.number not in known and not (viewer and access.sees(viewer.id, it)):
            log.error("a page would have shown a private incident", template=answer.template)
            raise NotHere(NO_PAGE)


def _file(answer: Download) -> WebAnswer:
    how = "inline" if answer.inline else "attachment"
    headers = {
        "content-type": answer.content_type,
        "content-disposition": f'{how}; filename="{answer.name}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return WebAnswer(headers=headers, body=answer.text)
