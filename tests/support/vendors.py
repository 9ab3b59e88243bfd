"""Holds what passed between the bot and the sandbox against the vendors' own descriptions of their services."""

import bisect
import functools
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from bot.sandbox.recorder import Exchange
from tests.support.beside import PAGERDUTY, describes_pagerduty
from tests.support.folders import TESTS

with (
    pytest.MonkeyPatch.context() as patch
):  # two seconds less: it is a grammar of IRIs, which no description has
    patch.setitem(sys.modules, "rfc3987_syntax", None)
    from jsonschema import ValidationError
    from openapi_core.templating.paths.exceptions import PathError

    from tests.specs import validate_request
    from tests.specs.validate_request import NotDescribed

SPECS = TESTS / "specs"

Shape = Any
LENGTHS = (24, 75, 150, 255, 2_000, 3_000, 40_000)
"""Slack's limits: two bodies that differ only in words of like length get one verdict."""
WORDS_THAT_COUNT = frozenset(
    {"type", "subtype", "style", "status", "response_type", "response_action", "urgency"}
)


@dataclass(frozen=True, kw_only=True)
class Mistaken:
    """What a description wrongly refuses, by a part of the problem's words; `why` it is right all the same."""

    service: str
    method: str = ""
    problem: str
    why: str


NEWER = "data_visualization"
"""A block of Slack's reference of 2026."""
EXCEPTIONS = (
    Mistaken(
        service="slack",
        method="view_submission",
        problem="view.blocks is a key",
        why="the recorded envelope of a view has it; the recordings of submissions were cut",
    ),
    Mistaken(
        service="slack",
        method="event:app_home_opened",
        problem="event.view.blocks is a key",
        why="Slack's reference shows the blocks of the Home tab in this event; the recording was cut",
    ),
    Mistaken(
        service="slack",
        method="block_actions",
        problem="view.blocks is a key",
        why="the view of a pressed button is the same as in an answer; the recordings were cut",
    ),
    Mistaken(
        service="slack",
        method="view_submission",
        problem="payload.response_urls is a key",
        why="Slack's reference shows it in a view_submission, empty unless a view asks for them",
    ),
    Mistaken(
        service="slack",
        method="event:message",
        problem="'subtype': 'group_leave'",
        why="recorded as channel_leave, in a public channel; Slack's reference lists both",
    ),
    Mistaken(
        service="slack",
        method="event:channel_deleted",
        problem="no such payload is known",
        why="of the events of a channel that is gone none was recorded; Slack's reference shows this one",
    ),
    Mistaken(
        service="slack",
        method="event:message",
        problem="'subtype': 'group_leave'",
        why="Slack's reference lists this subtype, as channel_leave of a private channel; none was recorded",
    ),
    Mistaken(
        service="slack",
        method="event:channel_unarchive",
        problem="event.is_moved is a key",
        why="recorded in channel_archive, the same event the other way round",
    ),
    Mistaken(
        service="pagerduty",
        problem="incident/body/details",
        why="typed as an object; PagerDuty's older text and real callers send a string",
    ),
    Mistaken(
        service="pagerduty",
        problem="resolved_at: None",
        why="its own text: `null` if the incident is not resolved",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /schedules/{id}/overrides",
        problem="Unknown response http status: 200",
        why="described as answered by 201, as the POST beside it is; a list that is read is answered by 200",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /oncalls",
        problem="/start: None",
        why="its own text: if `null`, the on-call is a permanent user on-call",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /oncalls",
        problem="/end: None",
        why="its own text: if `null`, the user does not go off-call",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /oncalls",
        problem="/schedule: None",
        why="a permanent on-call comes from no schedule",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /oncalls",
        problem="/user/type: 'user'",
        why="asked for with include[]=users, which its own parameter says: the whole user, not a reference",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /log_entries",
        problem="is valid under each of {'title': 'APIChannel'",
        why="no form of a channel has a key that it must have, so that each channel has several forms, not one",
    ),
    Mistaken(
        service="pagerduty",
        method="GET /log_entries",
        problem="'acknowledge_log_entry' is not one of ['acknowledgement_log_entry']",
        why="its own list of the types of entries has acknowledge_log_entry, and so has its text",
    ),
    Mistaken(
        service="github",
        method="GET /repos/acme/infra/actions/runs/{id}/jobs",
        problem="/conclusion: None is not one of",
        why="nullable, by its own word, as long as the job runs; its list of conclusions forgets that",
    ),
    Mistaken(
        service="github",
        problem="Unknown response http status: 4",
        why="of Actions it describes the good answers alone; GitHub refuses there as it does elsewhere",
    ),
)
"""All that is let pass against a vendor's word: one in a request, the others in what the sandbox says."""

UNDESCRIBED = frozenset(
    {
        "response_url",
        "api.test",
        "GET /change_events",
        "GET /v3/schedules/{id}",
        "GET /v3/schedules/{id}/overrides",
        "POST /v3/schedules/{id}/overrides",
        "GET /v3/schedules/{id}/custom_shifts",
        "POST /v3/schedules/{id}/custom_shifts",
    }
)
"""Of Slack's: a bare address with no method's name, and a method too small to be described. Of PagerDuty's: an
operation that was left out where its description was cut, and shift-based schedules, which are younger than it."""


WRAPPERS = ("InvalidRequestBody:", "InvalidData:")
"""openapi-core's words around a problem that is told by itself as well."""


def problems(exchange: Exchange) -> list[str]:
    """Return what is wrong with an exchange, request and answer, by the vendor's own description."""
    if exchange.service == "statuspage" or (exchange.service == "pagerduty" and not describes_pagerduty()):
        return []  # Statuspage's description is not among those of this repository
    found = _TEST_PAGE_RESULTS.get(key := _likeness(exchange))
    if found is None:
        said = list(_problems(exchange))
        plain = [it for it in said if not it.startswith(WRAPPERS)] or said
        found = _TEST_PAGE_RESULTS[key] = tuple(it for it in plain if not _is_excepted(exchange, it))
    return [f"{exchange.service} {exchange.direction} {exchange.method}: {problem}" for problem in found]


_TEST_PAGE_RESULTS: dict[str, tuple[str, ...]] = {}


def _problems(exchange: Exchange) -> Iterator[str]:
    if exchange.direction == "to_bot":
        if exchange.service == "slack":
            yield from _payload_problems(exchange)
        return
    yield from _request_problems(exchange)
    if exchange.answer is not None and not exchange.fault:
        yield from _answer_problems(exchange)


def _is_excepted(exchange: Exchange, problem: str) -> bool:
    return any(
        it.service == exchange.service and it.method in ("", exchange.method) and it.problem in problem
        for it in EXCEPTIONS
    )


# --- what the bot asks ------------------------------------------------------------------------------------


def _request_problems(exchange: Exchange) -> Iterator[str]:
    service, path = exchange.service, exchange.path.removeprefix(f"/{exchange.service}")
    verb = exchange.method.partition(" ")[0] if service != "slack" else "POST"
    headers = {name: value for name, value in exchange.headers.items() if name.lower() != "authorization"}
    try:
        yield from check(
            service,
            verb,
            path,
            content_type=exchange.content_type,
            body=_as_described(exchange.body),
            headers=headers,
        )
    except NotDescribed as trouble:
        if exchange.method not in UNDESCRIBED:
            yield f"is not described: {trouble}"


def _as_described(body: bytes) -> bytes:
    """Return a request without the blocks that its description is too old to know. The sandbox checks those."""
    if NEWER.encode() not in body:
        return body
    message = json.loads(body)
    return json.dumps({**message, "blocks": [it for it in message["blocks"] if it["type"] != NEWER]}).encode()


def check(
    service: str, verb: str, path: str, *, content_type: str, body: bytes, headers: Mapping[str, str]
) -> list[str]:
    """Ask the description of a service about one request; NotDescribed where it does not know it."""
    _bring_pagerduty()
    found: list[str] = validate_request.check(
        service, verb, path, content_type or None, body or None, headers
    )
    return found


@functools.cache
def _bring_pagerduty() -> None:
    _, host = validate_request.OPENAPI["pagerduty"]
    validate_request.OPENAPI["pagerduty"] = (str(PAGERDUTY), host)


# --- what the sandbox answers -----------------------------------------------------------------------------


def _answer_problems(exchange: Exchange) -> Iterator[str]:
    if exchange.service != "slack":
        yield from _openapi_answer_problems(exchange)
        return
    shape = _shapes()["api"].get(exchange.method)
    if shape and exchange.answer and exchange.status == 200:
        yield from unlike(json.loads(exchange.answer), shape | COMMON, "answer")


def _openapi_answer_problems(exchange: Exchange) -> Iterator[str]:
    verb = exchange.method.partition(" ")[0]
    path = exchange.path.removeprefix(f"/{exchange.service}")
    host = validate_request.OPENAPI[exchange.service][1]
    request = validate_request._Request(host, verb, path, "application/json", None, {})  # noqa: SLF001  it is ours
    answer = _Answer(status_code=exchange.status or 0, data=exchange.answer or b"")
    try:
        validate_request._openapi(exchange.service).validate_response(request, answer)  # noqa: SLF001  as above
    except PathError:
        return  # said of the request already
    except Exception as trouble:  # noqa: BLE001  openapi-core raises one of many for each violated part
        yield from _reasons(trouble)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status_code: int
    data: bytes
    content_type: str = "application/json"

    @property
    def headers(self) -> Mapping[str, str]:
        return {}


def _reasons(trouble: BaseException | None) -> Iterator[str]:
    while trouble is not None:
        for error in getattr(trouble, "schema_errors", None) or ():
            for each in _within(error):
                yield f"{'/'.join(map(str, each.absolute_path))}: {each.message[:200]}"
        if not getattr(trouble, "schema_errors", None):
            yield f"{type(trouble).__name__}: {str(trouble)[:160]}"
        trouble = trouble.__cause__


def _within(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the problems of the likeliest of several forms, which is the one with the fewest."""
    if error.validator != "oneOf" or not error.context:
        yield error
        return
    forms: dict[object, list[ValidationError]] = {}
    for it in error.context:
        forms.setdefault(it.schema_path[0], []).append(it)
    for it in min(forms.values(), key=len):
        yield from _within(it)


# --- what the sandbox sends -------------------------------------------------------------------------------


def _payload_problems(exchange: Exchange) -> Iterator[str]:
    body = exchange.body.decode()
    if exchange.path == "socket":
        envelope = json.loads(body)
        yield from unlike(envelope, {**_envelope(), "payload": "object"}, "envelope")
        payload = envelope["payload"]
    elif exchange.content_type == "application/json":
        payload = json.loads(body)
    else:
        form = dict(parse_qsl(body, keep_blank_values=True))
        payload = json.loads(form["payload"]) if "payload" in form else form
    shape = _shape_of(payload)
    if shape is None:
        yield f"no such payload is known: {payload.get('type')} {payload.get('event')}"
    else:
        yield from unlike(_without_free_parts(payload), shape, "payload")


def _without_free_parts(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the payload of a message's metadata: it is whatever an app puts there."""
    event = payload.get("event")
    if not isinstance(event, dict) or "metadata" not in event:
        return payload
    metadata = {name: value for name, value in event["metadata"].items() if name != "event_payload"}
    return {**payload, "event": {**event, "metadata": metadata}}


def _shape_of(payload: Mapping[str, Any]) -> Shape:
    kinds = {
        "block_actions": "BlockAction",
        "message_action": "MessageShortcut",
        "view_submission": "ViewSubmission",
        "view_closed": "ViewClosed",
    }
    if payload.get("type") == "shortcut":
        return GLOBAL_SHORTCUT
    if "command" in payload:
        return {**_shapes()["app_backend"]["SlashCommand"], "is_enterprise_install": "string"}
    if payload.get("type") in kinds:
        return _shapes()["app_backend"][kinds[payload["type"]]]
    event = payload.get("event", {})
    return _shapes()["events"].get(_event_name(event["type"], event.get("subtype") or ""))


GLOBAL_SHORTCUT: Shape = {
    "type": "string",
    "token": "string",
    "action_ts": "string",
    "team": {"id": "string", "domain": "string"},
    "user": {"id": "string", "username": "string", "team_id": "string"},
    "is_enterprise_install": "boolean",
    "enterprise": "object",
    "callback_id": "string",
    "trigger_id": "string",
}
"""As in the recorded envelope of Socket Mode; Slack's shapes of payloads lack it."""
_RECORDED = {"bot_message": "bot", "group_join": "channel_join"}
"""Subtypes by the names of the recordings. Slack's reference has group_join, as channel_join, for private channels."""


def _event_name(kind: str, subtype: str) -> str:
    name = _RECORDED.get(subtype, subtype.removeprefix("message_"))
    return "".join(part.capitalize() for part in f"{kind}_{name}".split("_"))


# --- shapes -----------------------------------------------------------------------------------------------

COMMON: Shape = {
    "ok": "boolean",
    "error": "string",
    "errors": "list",
    "needed": "string",
    "provided": "string",
    "warning": "string",
    "response_metadata": "object",
}
"""What any answer of Slack's may have: the recordings are of good days."""
TYPES = {"string": str, "boolean": bool, "number": (int, float), "list": list, "object": dict}


def unlike(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Return where a value has a key that the recordings don't have, or another type; nothing must be there."""
    if value is None or shape == {}:  # an empty one was never seen filled
        return
    if isinstance(shape, str):
        if not isinstance(value, TYPES[shape]) or (shape == "number" and isinstance(value, bool)):
            yield f"{where} is a {type(value).__name__}, not a {shape}"
    elif isinstance(shape, list):
        yield from unlike(value, "list", where)
        for each in value if isinstance(value, list) and shape else ():
            yield from unlike(each, shape[0], f"{where}[]")
    elif isinstance(value, dict):
        for name, each in value.items():
            new = f"{where}.{name} is a key that Slack was never seen to send"
            yield from unlike(each, shape[name], f"{where}.{name}") if name in shape else (new,)
    else:
        yield f"{where} is a {type(value).__name__}, not an object"


@functools.cache
def _shapes() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((SPECS / "slack.response-shapes.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def _envelope() -> Mapping[str, str]:
    """The keys of the recorded envelopes around a payload."""
    recorded = json.loads((SPECS / "slack.socket-envelopes.json").read_text(encoding="utf-8"))["envelopes"]
    names = {bool: "boolean", str: "string", int: "number", dict: "object"}
    return {name: names[type(value)] for each in recorded for name, value in each.items()}


# --- one verdict for all that is alike --------------------------------------------------------------------


def _likeness(exchange: Exchange) -> str:
    """What is the same for two exchanges that get the same verdict."""
    parts = (_likeness_of(_parsed(data)) for data in (exchange.body, exchange.answer or b""))
    kind = (exchange.service, exchange.direction, exchange.method, exchange.content_type, exchange.status)
    sender = "from" if "from" in {name.lower() for name in exchange.headers} else ""
    query = sorted(parse_qs(exchange.path.partition("?")[2]))
    return json.dumps([*kind, sender, bool(exchange.fault), query, *parts])


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        form = dict(parse_qsl(data.decode(errors="replace"), keep_blank_values=True))
        return {name: _parsed(value.encode()) if value[:1] in "{[" else value for name, value in form.items()}


def _likeness_of(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _likeness_of(each, key) for key, each in sorted(value.items())}
    if isinstance(value, list):
        alike = {json.dumps(_likeness_of(each), sort_keys=True): len(value) for each in value}
        return sorted(alike.items())
    if isinstance(value, str):
        return value if name in WORDS_THAT_COUNT else bisect.bisect(LENGTHS, len(value) - 1) + bool(value)
    return type(value).__name__
