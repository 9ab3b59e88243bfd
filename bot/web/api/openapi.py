"""The API's document, in OpenAPI 3.1, made from what is declared."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any, Literal

from pydantic import TypeAdapter

from bot.domain.api_token import Scope
from bot.web.api.endpoint import ApiEndpoint
from bot.web.api.problem import JSON_TYPE, PROBLEM

DOCUMENT = "/openapi.json"
REF = "#/components/schemas/{model}"
ABOUT = (
    "What programs read of Spy with a token, and the same commands that people type. A token belongs to a person: "
    "it sees and does what that person may. docs/api.md shows it with examples."
)
NEEDS: Mapping[Scope, str] = {
    Scope.READ: "Any token may ask.",
    Scope.SAY: "The token needs the scope `say`.",
    Scope.AGENT: "The token needs the scope `agent`.",
}
PROBLEMS: Mapping[int, str] = {
    401: "No valid token.",
    403: "The token's scope does not include this.",
    404: "There is nothing that you may see.",
    422: "The request has another shape.",
    429: "Too many requests: wait as long as Retry-After says.",
    500: "A fault in Spy; the log has it by the number in the sentence.",
    503: "The database does not answer, or Spy has too much to do. Nothing was done.",
}
SENT: Mapping[int, str] = {
    400: "The request broke off.",
    408: "The request took too long to arrive.",
    409: "Spy refuses the command. The sentence says why, and what to do.",
    413: "The request is too large.",
}
Schema = dict[str, Any]


def document(endpoints: Sequence[ApiEndpoint], place: str) -> Schema:
    """Return the document of these paths, which are below `place`."""
    schemas, shared = _schemas(endpoints)
    paths: dict[str, Schema] = {}
    for it in endpoints:
        paths.setdefault(f"{place}{it.path}", {})[it.method.lower()] = _operation(it, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Spy", "version": metadata.version("spy"), "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": {**shared, "Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


_PROBLEM: Schema = {
    "type": "object",
    "description": "Why it was not done (RFC 9457).",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "choices": {
            "type": "array",
            "description": "What could be said instead, if a command was refused.",
            "items": {
                "type": "object",
                "properties": {"label": {"type": "string"}, "say": {"type": "string"}},
                "required": ["label", "say"],
            },
        },
    },
    "required": ["title", "status", "detail"],
}
Key = tuple[str, str]
Mode = Literal["validation", "serialization"]


def _schemas(endpoints: Sequence[ApiEndpoint]) -> tuple[Mapping[Key, Schema], Schema]:
    """Return the schemas of what each path takes and answers, and those that they share."""
    adapters: list[tuple[Key, Mode, TypeAdapter[Any]]] = []
    for it in endpoints:
        adapters.append(((it.name, "answer"), "serialization", it.answer))
        if it.body:
            adapters.append(((it.name, "body"), "validation", TypeAdapter(it.body)))
    made, shared = TypeAdapter.json_schemas(adapters, ref_template=REF)
    return {key: schema for (key, _), schema in made.items()}, shared.get("$defs", {})


def _operation(it: ApiEndpoint, schemas: Mapping[Key, Schema]) -> Schema:
    first, _, rest = it.help.partition("\n")
    made: Schema = {
        "operationId": it.name,
        "summary": first,
        "description": " ".join(f"{rest} {NEEDS[it.scope]}".split()),
        "parameters": list(_parameters(it)),
        "responses": {
            "200": {
                "description": "Done.",
                "content": {JSON_TYPE: {"schema": schemas[it.name, "answer"]}},
            },
            **{str(status): _failed(status, words) for status, words in _problems(it).items()},
        },
    }
    if it.body:
        made["requestBody"] = {
            "required": True,
            "content": {JSON_TYPE: {"schema": schemas[it.name, "body"]}},
        }
    return made


def _parameters(it: ApiEndpoint) -> Iterator[Schema]:
    for name, schema in it.path_shape.model_json_schema()["properties"].items():
        yield {"name": name, "in": "path", "required": True, "schema": _without_null(schema)}
    if it.query:
        yield from _asked(it.query.model_json_schema())
    if it.body:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "1 to 64 characters of your own: sent again with the same key, it is run once.",
            "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,64}$"},
        }


def _asked(query: Schema) -> Iterator[Schema]:
    for name, given in query["properties"].items():
        schema = _without_null(given)
        description = schema.pop("description", None)
        yield {
            "name": name,
            "in": "query",
            **({"description": description} if description else {}),
            "schema": schema,
        }


def _without_null(schema: Schema) -> Schema:
    """Return the schema of a parameter that is left out instead of null."""
    options = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    about = {name: schema[name] for name in ("description",) if name in schema}
    return (
        {**options[0], **about} if options else {name: it for name, it in schema.items() if name != "title"}
    )


def _problems(it: ApiEndpoint) -> Mapping[int, str]:
    return {**PROBLEMS, **SENT} if it.body else PROBLEMS


def _failed(status: int, words: str) -> Schema:
    schema = {"$ref": REF.format(model="Problem")}
    failed: Schema = {"description": words, "content": {PROBLEM: {"schema": schema}}}
    if status == 429:  # noqa: PLR2004  Too Many Requests
        failed["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return failed
