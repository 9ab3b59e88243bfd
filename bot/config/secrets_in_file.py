"""Finds secrets in the configuration file. They belong in the environment."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.config.vendors import Vendors
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, dotted
from bot.domain.placeholders import PLACEHOLDER

_NAMED = re.compile(
    r"(token|secret|passw(or)?d|api[_-]?key|credential|database_url|authorization|cookie)", re.IGNORECASE
)
_FILLED_IN = re.compile(
    rf"(\w+[ =])*{PLACEHOLDER.pattern}"
)  # Bearer {{ env.TOKEN }}: the secret is elsewhere
_SHAPED = re.compile(
    r"\b(xox[a-z](?:\.xox[a-z])?-|xapp-|gh[a-z]_|github_pat_)[A-Za-z0-9_-]{4,}"  # Slack's and GitHub's own prefixes
    r"|\bwhsec_[A-Za-z0-9+/=]{8,}"
    r"|://[^/\s:@]+:[^/\s@]+@",  # a password in a URL
)
SHORTEST_TOKEN = 8
"""Characters of a token in an address: the first part of a UUID has so many."""
_HOMES = (  # the first match of the dotted key names the variable
    (re.compile(r"slack.*app"), "SLACK_APP_TOKEN"),
    (re.compile(r"slack.*(signing|secret)"), "SLACK_SIGNING_SECRET"),
    (re.compile(r"slack"), "SLACK_BOT_TOKEN"),
    (re.compile(r"changes"), "CHANGES_WEBHOOK_SECRET"),
    (re.compile(r"alertmanager"), "ALERTMANAGER_WEBHOOK_TOKEN"),
    (re.compile(r"grafana"), "GRAFANA_WEBHOOK_SECRET"),
    (re.compile(r"alerts"), "ALERTS_WEBHOOK_SECRET"),
    (re.compile(r"^web\b"), "WEB_TOKEN"),
    (re.compile(r"^mail\b"), "SMTP_PASSWORD"),
    (re.compile(r"^webhooks\b"), "WEBHOOK_SECRET_<NAME>"),
    (re.compile(r"database"), "DATABASE_URL"),
)
_PREFIXES = (
    ("xapp-", "SLACK_APP_TOKEN"),
    ("xox", "SLACK_BOT_TOKEN"),
    ("://", "DATABASE_URL"),
)
_ELSEWHERE = (
    "a secret in the file. Put it in a variable of Spy's environment and write {{ env.NAME }} in its place."
)


def secrets_in_file(
    text: str, with_lines: YamlLines, vendors: Vendors
) -> Iterator[tuple[Place, ConfigMistake]]:
    """Find what looks like a secret, by its key or its form, also in comments. Never repeat it."""
    reported: set[int | None] = set()
    for place, value in with_lines.scalars():
        if _is_secret(place, value):
            line = with_lines.line(place)
            reported.add(line)
            key = dotted(place)
            sentence = (
                _ELSEWHERE if place[:1] == ("failover",) else _sentence(_home(key, str(value), vendors))
            )
            yield place, ConfigMistake(line=line, key=key, sentence=sentence)
    for line, words in enumerate(text.splitlines(), start=1):
        if line not in reported and (shaped := _SHAPED.search(words)):
            yield (), ConfigMistake(line=line, key="", sentence=_sentence(_home("", shaped.group(), vendors)))


def _is_secret(place: Place, value: Any) -> bool:
    if place == ("heartbeat_url",) and has_token(str(value)):
        return True
    return _is_named_secret(place, value) or _SHAPED.search(str(value)) is not None


def has_token(url: str) -> bool:
    """Return whether an address has a token in it: who knows the address may use it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False  # it is no address, which is another mistake
    asked = parse_qsl(parts.query)
    words = (word for it in (parts.path, *(value for _, value in asked)) for word in re.split(r"[/._-]", it))
    return "@" in parts.netloc or any(_NAMED.search(name) for name, _ in asked) or any(map(_is_random, words))


def _is_random(word: str) -> bool:
    """Return whether nobody would choose this word: long, with digits among the letters."""
    return len(word) >= SHORTEST_TOKEN and re.search(r"\d[a-zA-Z]", word) is not None


def has_secret(text: str) -> bool:
    """Return whether a part of the text has the form of a secret."""
    return _SHAPED.search(text) is not None


def without_secrets(text: str) -> str:
    """Return the text with an ellipsis in place of what has the form of a secret."""
    return _SHAPED.sub("…", text)


def _is_named_secret(place: Place, value: Any) -> bool:
    words = [part for part in place if isinstance(part, str)]
    if not words or isinstance(value, bool) or "expect" in words or _FILLED_IN.fullmatch(str(value)):
        return False
    return _NAMED.search(words[-1]) is not None


def _home(key: str, value: str, vendors: Vendors) -> str:
    """Return the variable for a secret."""
    if key == "heartbeat_url":
        return "HEARTBEAT_URL"
    shaped = _SHAPED.search(value)
    for prefix, variable in (
        *_PREFIXES,
        *((it.prefix, it.variable) for it in vendors.all if it.prefix),
    ):
        if shaped and shaped.group().startswith(prefix):
            return variable
    return next(
        (variable for pattern, variable in (*_of(vendors), *_HOMES) if pattern.search(key.casefold())),
        "the environment",
    )


def _of(vendors: Vendors) -> Iterator[tuple[re.Pattern[str], str]]:
    for it in vendors.all:
        if it.has_webhook:
            yield re.compile(rf"{it.key}.*(webhook|secret)"), it.webhook_variable
        yield re.compile(it.key), it.variable


def _sentence(home: str) -> str:
    return f"a secret in the file. Put it in {home} and remove the line."
