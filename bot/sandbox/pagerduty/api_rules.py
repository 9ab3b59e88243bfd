"""PagerDuty's rules for requests, pages of lists, and errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

from bot.sandbox.server.rest import JSON, ApiCall, ApiResponse, RefusedError

BAD_INPUT = (2001, "Invalid Input Provided")
BAD_DATES = (2004, "Invalid 'since' or 'until' Parameter Values")
UNKNOWN = (2100, "Not Found")
CREATED = 201
NOT_FOUND = 404
PAGE = 25
LARGEST_PAGE = 100


def refuse(status: int, error: tuple[int, str], *details: str) -> NoReturn:
    code, message = error
    body: JSON = {"message": message, "code": code, **({"errors": list(details)} if details else {})}
    raise RefusedError(ApiResponse(status=status, body={"error": body}))


def refusal(status: int, message: str) -> ApiResponse:
    if status == NOT_FOUND:
        return ApiResponse(status=status, body={"error": {"message": UNKNOWN[1], "code": UNKNOWN[0]}})
    return ApiResponse(
        status=status, body={"error": {"message": BAD_INPUT[1], "code": BAD_INPUT[0], "errors": [message]}}
    )


def require(given: JSON, *names: str) -> None:
    missing = [f"{name.capitalize()} cannot be empty." for name in names if not given.get(name)]
    if missing:
        refuse(400, BAD_INPUT, *missing)


def object_in(given: JSON, name: str) -> JSON:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def objects_in(given: JSON, name: str) -> list[JSON]:
    found = given.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def id_of(reference: object) -> str:
    return str(reference.get("id", "")) if isinstance(reference, dict) else ""


def known(things: dict[str, Any], call: ApiCall) -> Any:
    return things.get(call.ids["id"]) or refuse(404, UNKNOWN)


def named(things: Iterable[Any], call: ApiCall) -> list[Any]:
    return [thing for thing in things if call.one("query").lower() in thing.name.lower()]


def wanted(call: ApiCall, filter_name: str, value: str) -> bool:
    wanted = call.many(filter_name)
    return not wanted or value in wanted


def page(call: ApiCall, name: str, items: list[JSON]) -> ApiResponse:
    limit = min(int(call.one("limit", str(PAGE))), LARGEST_PAGE)
    offset = int(call.one("offset", "0"))
    total = len(items) if call.one("total") in ("true", "1") else None
    end = offset + limit
    return ApiResponse(
        body={
            name: items[offset:end],
            "limit": limit,
            "offset": offset,
            "more": end < len(items),
            "total": total,
        }
    )


def time_of(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        refuse(400, BAD_DATES, text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
