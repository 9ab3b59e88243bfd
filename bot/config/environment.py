"""What the environment contains: secrets, the database, and other addresses to call."""

import base64
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError, create_model

from bot.config.vendors import Vendor, Vendors
from bot.config.webhooks import VARIABLE, variable_of

_NOTHING = SecretStr("")
LOG_LEVELS = {"": None, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
"""What SPY_LOG_LEVEL may say, as Python counts it."""
SIGNS, SHORTEST_KEY, LONGEST_KEY = "whsec_", 24, 64
"""How the secret of a webhook begins, and how many bytes it has: as Standard Webhooks has it."""
_POSTGRES = re.compile(r"^postgres(ql)?(\+psycopg)?://")


def _address(url: str) -> str:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("must begin with https:// (or http://)")
    return url.rstrip("/")


def _level(name: str) -> str:
    if name.lower() not in LOG_LEVELS:
        raise ValueError("must be info, warning or error")
    return name.lower()


def _secret_address(url: SecretStr) -> SecretStr:
    given = url.get_secret_value()
    return SecretStr(_address(given)) if given else url


def _signing(secrets: SecretStr) -> SecretStr:
    """Check the secrets of a webhook: one, or two while one replaces the other."""
    for secret in secrets.get_secret_value().split():
        try:
            key = base64.b64decode(secret.removeprefix(SIGNS), validate=True)
        except ValueError:
            key = b""
        if not (secret.startswith(SIGNS) and SHORTEST_KEY <= len(key) <= LONGEST_KEY):
            raise ValueError(
                "must be whsec_ and 24 to 64 bytes in base64: echo whsec_$(openssl rand -base64 32)"
            )
    return secrets


def _database(url: SecretStr) -> SecretStr:
    given = url.get_secret_value()
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise ValueError("is no address: percent-encode what is special in its password") from None
    if _POSTGRES.match(given):
        return SecretStr(_POSTGRES.sub("postgresql+psycopg://", given))
    return _sqlite(given, parts)


def _sqlite(given: str, parts: SplitResult) -> SecretStr:
    if parts.scheme != "sqlite":
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if not given.startswith("sqlite:///") or len(parts.path) <= 1 or ":memory:" in given:
        raise ValueError("must name a file, such as sqlite:///spy.db: Spy remembers across restarts")
    return SecretStr(given)


class Environment(BaseModel):
    """The variables Spy reads, with those of each vendor. A secret prints as ********** and is falsy when not set."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", validate_default=True, str_strip_whitespace=True, defer_build=True
    )

    database_url: Annotated[SecretStr, AfterValidator(_database)] = SecretStr("sqlite:///spy.db")
    slack_bot_token: SecretStr = _NOTHING
    slack_app_token: SecretStr = _NOTHING
    slack_signing_secret: SecretStr = _NOTHING
    changes_webhook_secret: SecretStr = _NOTHING
    alerts_webhook_secret: SecretStr = _NOTHING
    alertmanager_webhook_token: SecretStr = _NOTHING
    grafana_webhook_secret: SecretStr = _NOTHING
    web_token: SecretStr = _NOTHING
    smtp_password: SecretStr = _NOTHING
    heartbeat_url: Annotated[SecretStr, AfterValidator(_secret_address)] = _NOTHING
    slack_api_url: Annotated[str, AfterValidator(lambda url: _address(url) + "/")] = "https://slack.com/api/"
    spy_log_level: Annotated[str, AfterValidator(_level)] = ""
    """The least level that is logged; "" for the usual."""
    spy_clock_offset: str = ""
    """For a rehearsal: a file with the number of seconds by which Spy's clock is ahead."""
    blank: frozenset[str] = frozenset()
    """Variables that are set but empty: usually a secret that was not filled in."""

    @classmethod
    def of(cls, variables: Mapping[str, str], vendors: Vendors) -> Self:
        """Pick Spy's variables. An empty one counts as not set. Spaces and line ends around a value are dropped."""
        fields = {**dict(_fields(vendors)), **dict(_webhook_fields(variables))}
        kind = create_model("Environment", __base__=cls, **fields)
        ours = {name: variables[name] for it in kind.model_fields if (name := it.upper()) in variables}
        blank = {name for name, value in ours.items() if not value.strip()}
        given = {name.lower(): value.strip() for name, value in ours.items() if name not in blank}
        return kind.model_validate({**given, "blank": blank})

    @property
    def log_level(self) -> int | None:
        """The least level that is logged, as Python counts it; None for the usual."""
        return LOG_LEVELS[self.spy_log_level]

    def secret(self, variable: str) -> str:
        """Return the value of a vendor's variable, "" if it is not set."""
        found: SecretStr = getattr(self, variable.lower(), _NOTHING)
        return found.get_secret_value()

    def webhook_secrets(self, name: str) -> tuple[str, ...]:
        """Return the secrets of a webhook, the current one first."""
        return tuple(self.secret(variable_of(name)).split())

    def url_of(self, vendor: Vendor[Any]) -> str:
        found: str = getattr(self, vendor.url_variable.lower())
        return found

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown, for the log to mask."""
        values = (value for _, value in self if isinstance(value, SecretStr))
        tokens = [value.get_secret_value() for value in values if value is not self.database_url]
        tokens += [each for it in tokens if it.startswith(SIGNS) for each in it.split()]
        password = urlsplit(self.database_url.get_secret_value()).password
        return tuple(filter(None, [*tokens, password]))


def environment_mistakes(error: ValidationError) -> Iterator[str]:
    """Return what is wrong with a variable, without its value."""
    for problem in error.errors(include_input=False, include_url=False):
        yield f"environment: {str(problem['loc'][0]).upper()}: {problem['ctx']['error']}."


def _webhook_fields(variables: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for name in variables:
        if name.startswith(VARIABLE):
            yield name.lower(), (Annotated[SecretStr, AfterValidator(_signing)], _NOTHING)


def _fields(vendors: Vendors) -> Iterator[tuple[str, Any]]:
    for it in vendors.all:
        yield it.variable.lower(), (SecretStr, _NOTHING)
        if it.has_webhook:
            yield it.webhook_variable.lower(), (SecretStr, _NOTHING)
        yield it.url_variable.lower(), (Annotated[str, AfterValidator(_address)], it.url)
