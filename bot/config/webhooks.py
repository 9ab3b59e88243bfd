"""The section `webhooks:`: which programs Spy tells of which events."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, StrictBool

from bot.config.services import as_list
from bot.config.values import ConfigSection, Name, TeamName
from bot.domain.incident.webhooks import EVENTS, USUAL
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.web_key import is_safe
from bot.domain.webhook import WebhookSettings

ALL = "all"
VARIABLE = "WEBHOOK_SECRET_"
"""How the variables with their secrets begin: WEBHOOK_SECRET_PORTAL is that of webhooks.portal."""


def variable_of(name: str) -> str:
    """Return the variable with the secret of a webhook."""
    return VARIABLE + name.upper().replace("-", "_")


def _address(url: str) -> str:
    if not (is_safe(url) and urlsplit(url).hostname):
        raise ValueError("must begin with https://, or be on this machine: http://localhost:8000/spy")
    return url


def _events(kinds: tuple[str, ...]) -> tuple[str, ...]:
    for kind in kinds:
        if kind not in {*EVENTS, ALL}:
            meant = did_you_mean(nearest(kind, EVENTS))
            raise ValueError(f"{kind[:40]!r} is no event.{meant} Known: {ALL}, {', '.join(sorted(EVENTS))}.")
    return kinds


class WebhookSection(ConfigSection):
    url: Annotated[str, AfterValidator(_address)]
    events: Annotated[tuple[str, ...], BeforeValidator(as_list), AfterValidator(_events)] = ()
    """Without it: what followers are told."""
    teams: Annotated[tuple[TeamName, ...], BeforeValidator(as_list)] = ()
    severities: Annotated[tuple[Name, ...], BeforeValidator(as_list)] = ()
    private: StrictBool = False
    """Whether it is told of private incidents too."""
    drills: StrictBool = False

    def webhook(self, name: str) -> WebhookSettings:
        """Return the webhook in the domain's terms."""
        chosen = EVENTS if ALL in self.events else frozenset(self.events)
        return WebhookSettings(
            name=name,
            url=self.url,
            events=chosen or USUAL,
            teams=self.teams,
            severities=self.severities,
            private=self.private,
            drills=self.drills,
        )
