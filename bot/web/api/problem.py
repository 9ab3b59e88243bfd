"""What the API answers if it does not do what was asked: a sentence, as RFC 9457 has it."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from bot.web.answer import WebAnswer

PROBLEM = "application/problem+json"
JSON_TYPE = "application/json"
HEADERS: Mapping[str, str] = MappingProxyType(
    {"cache-control": "no-store", "x-content-type-options": "nosniff"}
)


def problem(
    status: HTTPStatus, sentence: str, headers: Mapping[str, str] = MappingProxyType({}), **more: Any
) -> WebAnswer:
    """Return an answer with a sentence for people, and facts for programs beside it."""
    body = {"title": status.phrase, "status": status.value, "detail": sentence, **more}
    return WebAnswer(
        status=status.value,
        headers={**HEADERS, "content-type": PROBLEM, **headers},
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    )


class NotAnswered(Exception):  # noqa: N818  named for what happened
    """Raised to end a request with an answer that is a problem."""

    def __init__(self, answer: WebAnswer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def malformed(error: ValidationError) -> WebAnswer:
    """Return an answer with what is wrong in a request, by the names of its fields."""
    wrong = [f"{_place(it['loc'])}{_why(it)}" for it in error.errors(include_url=False, include_input=False)]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{'. '.join(wrong)}.")


def _place(loc: Sequence[int | str]) -> str:
    return f"{'.'.join(map(str, loc))}: " if loc else ""


def _why(error: Mapping[str, Any]) -> str:
    words = str(error["msg"]).removeprefix("Value error, ")
    return words[:1].lower() + words[1:]
