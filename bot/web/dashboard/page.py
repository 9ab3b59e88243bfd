"""Declare a page of the dashboard beside its feature: its path, what it shows, and the services that it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.commands.command import services_of
from bot.domain.registering import at_start_only


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who signed in: a Slack id, a name and a time zone (IANA). Forms send `csrf` back as their field `csrf`."""

    id: str
    name: str
    zone: str
    csrf: str


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """What a signed-in person asks for. `path` holds the placeholders of the path, `query` the words behind ?."""

    viewer: Viewer
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PublicRequest:
    """What anybody asks for, signed in or not."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PageReply:
    """A template (`web/incident` is templates/web/incident.html.j2) and its facts."""

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Download:
    """A file. With `inline`, the browser shows it instead of saving it, as it does with a feed."""

    name: str
    content_type: str
    text: str
    inline: bool = False


PageAnswer = PageReply | Download
F = TypeVar("F", bound=Callable[..., PageAnswer])


@dataclass(frozen=True, kw_only=True)
class MenuEntry:
    """What the menu shows of a page, and where it leads. A page may have no entry."""

    path: str
    menu: str = ""


@dataclass(frozen=True, kw_only=True)
class DashboardPage(MenuEntry):
    """A declared page."""

    run: Callable[..., PageAnswer]
    services: Mapping[str, type]
    is_public: bool = False


PAGES: list[DashboardPage] = []
"""The declared pages."""


def page(path: str, *, menu: str = "") -> Callable[[F], F]:
    """Declare a page for signed-in people: `@page("/incidents/{number}")`.

    The function takes a PageRequest. Its keyword-only parameters are services, made for a read-only transaction.
    """
    return _declaring(path, menu, is_public=False)


def public_page(path: str, *, menu: str = "") -> Callable[[F], F]:
    """Declare a page for everybody who reaches the port. The function takes a PublicRequest."""
    return _declaring(path, menu, is_public=True)


def _declaring(path: str, menu: str, *, is_public: bool) -> Callable[[F], F]:
    def declare(function: F) -> F:
        at_start_only("a page")
        PAGES.append(
            DashboardPage(
                path=path, run=function, services=services_of(function), menu=menu, is_public=is_public
            )
        )
        return function

    return declare
