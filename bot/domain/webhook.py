"""The settings of a webhook that Spy calls."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """A program that hears of events, at an https address (or on this machine)."""

    name: str
    url: str
    events: frozenset[str]
    """The kinds of timeline entries of which it hears."""
    teams: tuple[str, ...] = ()
    """Only incidents that affect a service of these, or of which these were notified or paged. Empty: all."""
    severities: tuple[str, ...] = ()
    """Only incidents of these. Empty: all."""
    private: bool = False
    """Whether it hears of private incidents too."""
    drills: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc
