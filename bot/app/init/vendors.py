"""Ask Slack, PagerDuty and GitHub what there is."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.adapters.github.vendor import VENDOR as GITHUB
from bot.adapters.network.clock import SystemClock
from bot.adapters.network.patience import patiently
from bot.adapters.pagerduty.client import PagerDuty
from bot.adapters.pagerduty.reading import PolicyEntry, ServiceEntry, User
from bot.adapters.pagerduty.vendor import VENDOR as PAGERDUTY
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.check import results as slack_checks
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.directory import ListedChannel, ListedGroup, SlackDirectory
from bot.app.build import open_clock
from bot.config import Settings
from bot.ports import Person, Rejected, Throttled, Unreachable

if TYPE_CHECKING:
    from bot.adapters.github.tracker import GitHub

TIMEOUT = timedelta(seconds=20)
PAGERDUTY_MISSING = (
    f"environment: {PAGERDUTY.variable} is missing. Find it at {PAGERDUTY.found_at}. "
    "Without PagerDuty: copy config.example.yaml to config.yaml."
)
_ID = re.compile(r"[A-Za-z0-9]+")
_EMAIL = re.compile(r"[^@\s:/]+@[^@\s:/]+")


class CannotInit(Exception):  # noqa: N818  named for what happened
    """Nothing was written. `lines` are sentences that say why and what to do."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, kw_only=True)
class SlackPart:
    channels: tuple[ListedChannel, ...]
    groups: tuple[ListedGroup, ...]
    admin: Person | None
    """The person in Slack who owns PagerDuty's token."""


@dataclass(frozen=True, kw_only=True)
class PagerDutyPart:
    services: tuple[ServiceEntry, ...]
    policies: Mapping[str, PolicyEntry]
    owner: User | None
    """The user who owns the token; None if the token belongs to the account."""
    sender: User | None
    """The user in whose name Spy can page: the token's owner, one named like Spy, or the account's owner."""


def pagerduty(settings: Settings) -> PagerDutyPart:
    """Raise CannotInit if PagerDuty does not answer or refuses."""
    token = settings.env.secret(PAGERDUTY.variable)
    if not token:
        raise CannotInit(PAGERDUTY_MISSING)
    url = settings.env.url_of(PAGERDUTY)
    pager = PagerDuty(token, from_email="", url=url, timeout=TIMEOUT)
    with closing(pager), _asking(PAGERDUTY.url_variable):
        services = [it for it in patiently(pager.services) if it.status != "disabled"]
        policies = [it for it in patiently(pager.policies) if _ID.fullmatch(it.id)]
        owner = patiently(pager.owner)
        users = [owner] if owner and _is_usable(owner) else patiently(pager.users)
    return PagerDutyPart(
        services=tuple(it for it in services if _ID.fullmatch(it.id)),
        policies={it.id: it for it in policies},
        owner=owner,
        sender=max(filter(_is_usable, users), key=_suitability, default=None),
    )


def slack(settings: Settings, *, owner_email: str | None) -> SlackPart:
    """Raise CannotInit if Slack does not answer, refuses a token, or has not granted every scope."""
    env, clock = settings.env, open_clock(settings, SystemClock())
    client = PooledWebClient(env.slack_bot_token.get_secret_value(), base_url=env.slack_api_url)
    app_token = env.slack_app_token.get_secret_value() or None
    with closing(client), _asking("SLACK_API_URL"):
        checked = [*slack_checks(client, app_token=app_token, channels={}, clock=clock)]
        if troubles := [f"{it.what} → {it.cure}" for it in checked if not it.well]:
            raise CannotInit(*troubles)
        directory, chat = SlackDirectory(client, clock), SlackChat(client, clock)
        return SlackPart(
            channels=tuple(directory.channels()),
            groups=tuple(directory.user_groups()),
            admin=_person(chat, owner_email) if owner_email else None,
        )


def repositories(settings: Settings) -> tuple[str, ...] | None:
    """Return the repositories that the GitHub token can open issues in; None without a token."""
    token = settings.env.secret(GITHUB.variable)
    if not token:
        return None
    from bot.adapters.github.tracker import GitHub  # noqa: PLC0415  its library loads slowly

    with ExitStack() as stack:
        tracker = GitHub(token, url=settings.env.url_of(GITHUB), timeout=TIMEOUT)
        stack.callback(tracker.close)
        with _asking(GITHUB.url_variable):
            return _repositories(tracker)


def _repositories(tracker: "GitHub") -> tuple[str, ...]:
    """Return nothing for a token that may not list them, such as a GitHub App's."""
    try:
        return tuple(patiently(tracker.repositories))
    except Rejected as rejected:
        if rejected.code == "token":
            raise
        return ()


@contextmanager
def _asking(url: str) -> Iterator[None]:
    """Raise CannotInit for each failure of a vendor. `url` is the variable with its address."""
    try:
        yield
    except Unreachable as trouble:
        raise CannotInit(f"{trouble}. Is {url} right, and the network open?") from trouble
    except Throttled as trouble:
        raise CannotInit(f"{trouble}. Try again in a few minutes.") from trouble
    except Rejected as refusal:
        raise CannotInit(f"{str(refusal).rstrip('.')}.") from refusal


def _person(chat: SlackChat, email: str) -> Person | None:
    found = chat.find_by_email(email)
    return None if found is None or found.is_bot or found.is_guest else found


def _is_usable(user: User) -> bool:
    email = user.email or ""
    return bool(_EMAIL.fullmatch(email)) and email.isascii() and email.isprintable()


def _suitability(user: User) -> int:
    if "spy" in f"{user.name} {user.email}".casefold():
        return 2
    return 1 if user.role == "owner" else 0
