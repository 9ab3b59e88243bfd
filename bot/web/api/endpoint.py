"""Declare a path of the API beside its feature: what it takes, what it answers, and the services that it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter, create_model

from bot.commands.command import services_of
from bot.domain.api_token import Scope, TokenHolder
from bot.domain.registering import at_start_only
from bot.web.api.shapes import Query

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """Who asks, by which token, and the request's headers (names in lower case)."""

    holder: TokenHolder
    secret: str
    path: str
    headers: Mapping[str, str]

    @property
    def person(self) -> str:
        return self.holder.person


@dataclass(frozen=True, kw_only=True)
class ApiEndpoint:
    """A declared path. `parts` are the parameters in it, with their types."""

    path: str
    method: str
    scope: Scope
    run: Callable[..., Any]
    services: Mapping[str, type]
    parts: Mapping[str, Any]
    query: type[Query] | None
    body: type[BaseModel] | None

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def help(self) -> str:
        return (self.run.__doc__ or "").strip()

    @cached_property
    def answer(self) -> TypeAdapter[Any]:
        return TypeAdapter(get_type_hints(self.run, include_extras=True)["return"])

    @cached_property
    def path_shape(self) -> type[BaseModel]:
        """Return the shape of the parameters in its path."""
        fields: dict[str, Any] = {name: (it, ...) for name, it in self.parts.items()}
        return create_model(f"{self.name}_path", **fields)


ENDPOINTS: list[ApiEndpoint] = []
"""The declared paths."""


def reads(path: str) -> Callable[[F], F]:
    """Declare a path to read: `@reads("/incidents/{number}")`.

    The function takes an ApiRequest, the parameters in its path by name, and a Query if it has one. Its keyword-only
    parameters are services, made for a read-only transaction. What it returns is the answer.
    """
    return _declaring(path, "GET", Scope.READ)


def writes(path: str, *, scope: Scope) -> Callable[[F], F]:
    """Declare a path to send something to. It opens its transactions itself."""
    return _declaring(path, "POST", scope)


def _declaring(path: str, method: str, scope: Scope) -> Callable[[F], F]:
    def declare(function: F) -> F:
        at_start_only("a path of the API")
        hints = get_type_hints(function, include_extras=True)
        services = services_of(function)
        taken = {name: hint for name, hint in hints.items() if name not in {"return", "ask", *services}}
        shapes = {
            name: it for name, it in taken.items() if isinstance(it, type) and issubclass(it, BaseModel)
        }
        query = next((it for it in shapes.values() if issubclass(it, Query)), None)
        ENDPOINTS.append(
            ApiEndpoint(
                path=path,
                method=method,
                scope=scope,
                run=function,
                services=services,
                parts={name: it for name, it in taken.items() if name not in shapes},
                query=query,
                body=next((it for it in shapes.values() if it is not query), None),
            )
        )
        return function

    return declare
