"""Runbooks as web pages, filled in from the URL's query.

A page has only the runbook and the values from the URL, and nothing about any incident.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from jinja2 import Environment, StrictUndefined

from bot.adapters.rendering.overrides import Folders
from bot.adapters.runbooks.document import markdown
from bot.adapters.runbooks.folder import FolderRunbooks
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import Runbook

OK, BAD_REQUEST, NOT_FOUND = 200, 400, 404


@dataclass(frozen=True, kw_only=True)
class RunbookPage:
    """The HTTP response with a page."""

    html: str
    status: int = OK
    headers: Mapping[str, str] = field(default_factory=dict)


class RunbookPages:
    """Pages from the templates web/*.html.j2 in these folders; the first folder that has a template wins."""

    def __init__(self, runbooks: FolderRunbooks, templates: Folders) -> None:
        self._runbooks = runbooks
        self._environment = Environment(
            loader=templates,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._style = self._environment.get_template("web/style.css.j2").render()
        self._headers = _headers(self._style)

    def all(self) -> RunbookPage:
        """Return the page that lists all runbooks."""
        return self._page("runbooks", runbooks=self._runbooks.all(), mistakes=len(self._runbooks.mistakes()))

    def one(self, name: str, given: Mapping[str, str]) -> RunbookPage:
        """Return the page of one runbook, with a form for its parameters. 404 if there is none of this name."""
        try:
            runbook = self._runbooks.find(name)
        except Refusal as refusal:
            return self._page("missing", status=NOT_FOUND, sentence=refusal.sentence)
        reading = runbook.read(given)
        body, trouble = "", ""
        if reading.is_whole:
            try:
                body = self._body(runbook, reading.filled)
            except Refusal as refusal:
                trouble = refusal.sentence
        return self._page(
            "runbook",
            status=BAD_REQUEST if reading.wrong or trouble else OK,
            runbook=runbook,
            said={**given, **reading.filled},
            wrong=reading.wrong,
            body=body,
            trouble=trouble,
        )

    def _body(self, runbook: Runbook, values: Mapping[str, str]) -> str:
        """Return the runbook as HTML, escaped by markdown-it. HTML in the file itself is not rendered."""
        read = markdown()
        return str(read.renderer.render(self._runbooks.tokens(runbook.name, values), read.options, {}))

    def _page(self, template: str, *, status: int = OK, **facts: object) -> RunbookPage:
        html = self._environment.get_template(f"web/{template}.html.j2").render(style=self._style, **facts)
        return RunbookPage(html=html, status=status, headers=self._headers)


def _headers(style: str) -> Mapping[str, str]:
    """Return headers that allow a page to load and run nothing, and to send its form only to Spy."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
