"""What a browser sends, and the headers and cookies that it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import quote, urlencode, urlsplit

from bot.domain.web_key import is_local
from bot.web.answer import WebAnswer

HTML = "text/html; charset=utf-8"
SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
)
"""Nothing inline, nothing from elsewhere, and no frame around it."""
THEMES = frozenset({"light", "dark"})
USUAL_PORTS = MappingProxyType({"http": 80, "https": 443})


@dataclass(frozen=True, kw_only=True)
class WebRequest:
    """A request. `parts` are the placeholders of its path. Names of headers are in lower case."""

    path: str
    method: str = "GET"
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Return its path with its query, as it can stand in a cookie."""
        query = urlencode(self.query)
        return quote(self.path) + (f"?{query}" if query else "")

    @property
    def theme(self) -> str:
        """Return the theme that the reader chose, "" for the one of their system."""
        chosen = self.cookies.get("theme", "")
        return chosen if chosen in THEMES else ""

    @property
    def is_wall(self) -> bool:
        """Whether it is shown on a wall: in large letters, and only what is open."""
        return self.query.get("wall") == "1"

    def is_from_elsewhere(self, address: str | None) -> bool:
        """Return whether another site's page sent this form. `address` is Spy's own, as browsers know it."""
        if self.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return True
        if (origin := self.headers.get("origin")) is None:
            return False
        own = {
            _site_of(f"{urlsplit(origin).scheme}://{self.headers.get('host', '')}"),
            _site_of(address or ""),
        }
        return _site_of(origin) not in own - {None}


def _site_of(address: str) -> tuple[str, int | None] | None:
    """Return the host and port of an address as browsers know them; None if it names no site."""
    try:
        parts = urlsplit(address)
        return (parts.hostname, parts.port or USUAL_PORTS.get(parts.scheme)) if parts.hostname else None
    except ValueError:
        return None


def page_of(html: str, *, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> WebAnswer:
    """Return a page. It is never kept by a browser: somebody else may sit there later."""
    return WebAnswer(
        status=status,
        headers={**SECURITY, "content-type": HTML, "cache-control": "no-store", **headers},
        body=html,
    )


def own_path(path: str) -> str:
    """Return a path of this site; that of the overview if it leads elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def moved_to(path: str, headers: Mapping[str, str] = MappingProxyType({})) -> WebAnswer:
    """Return an answer after which the browser gets this path."""
    return WebAnswer(
        status=303, headers={**SECURITY, "location": path, "cache-control": "no-store", **headers}
    )


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """A cookie of this address that no script reads, and that no other site's form sends.

    Over https its name has a prefix with which a browser takes it from this very host only.
    """

    name: str
    address: str | None

    @property
    def is_secure(self) -> bool:
        """Whether it travels over https only. Plain http is for trying it on one's own machine."""
        return not is_local(self.address)

    @property
    def full_name(self) -> str:
        return f"__Host-{self.name}" if self.is_secure else self.name

    def read(self, request: WebRequest) -> str:
        return request.cookies.get(self.full_name, "")

    def set(self, value: str, *, lasts: timedelta) -> Mapping[str, str]:
        """Return the header that sets it; an empty value ends it."""
        seconds = int(lasts.total_seconds()) if value else 0
        secure = "; Secure" if self.is_secure else ""
        return {
            "set-cookie": f"{self.full_name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        }
