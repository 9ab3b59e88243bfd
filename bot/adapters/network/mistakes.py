"""Say what is wrong with a request that a tool made."""

from pydantic import ValidationError


def sentence(odd: ValidationError, *, like: str) -> str:
    """Return what is wrong with the first invalid field, without its value. `like` is a correct body."""
    error = odd.errors(include_input=False, include_url=False)[0]
    name = ".".join(str(part) for part in error["loc"])
    if not name:
        return f"The body is no JSON object such as {like}."
    what = error["msg"].removeprefix("Value error, ")
    return f"The field {name}: {what[:1].lower()}{what[1:]}."
