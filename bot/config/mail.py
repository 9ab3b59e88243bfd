"""The section `mail:` of config.yaml: the server that takes Spy's mail, and who may get some."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictInt, model_validator

from bot.config.values import ConfigSection, shaped
from bot.domain.incident.following import mail_address
from bot.domain.refusal import Refusal

PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts on this machine: nobody reads what is said to them."""


def _mail_address(words: str) -> str:
    try:
        return mail_address(words)
    except Refusal as refusal:
        raise ValueError(refusal.sentence) from None


Host = Annotated[
    str, shaped(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?", "is no host. Write mail.example.com.")
]
Domain = Annotated[
    str,
    AfterValidator(str.lower),
    shaped(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", "is no domain. Write example.com."),
]


class MailSection(ConfigSection):
    host: Host
    port: Annotated[StrictInt, Field(ge=1, le=65535)] | None = None
    """By default that of `security`: 587, 465 or 25."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    """Who logs in, with the password SMTP_PASSWORD. Without it nobody does."""
    from_: Annotated[str, AfterValidator(_mail_address)] = Field(alias="from")
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)]
    """Where followers may have their addresses. Nothing leaves to others."""

    @property
    def real_port(self) -> int:
        return self.port or PORTS[self.security]

    @model_validator(mode="after")
    def _keeps_its_password(self) -> Self:
        if self.security == "none" and self.user and self.host not in HERE:
            raise ValueError("security: none would send the password in the clear. Take starttls or tls.")
        return self
