"""Refuse a declaration that would have to replace an earlier one while Spy runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class OnlyAtStart(RuntimeError):  # noqa: N818  named for what a plugin's author reads
    """Something is declared that all of Spy shares. The message is a sentence of Spy's own."""


_is_running = ContextVar("_is_running", default=False)


@contextmanager
def while_running() -> Iterator[None]:
    """Load plugins again inside this block."""
    token = _is_running.set(True)
    try:
        yield
    finally:
        _is_running.reset(token)


def at_start_only(what: str) -> None:
    """Raise OnlyAtStart while plugins are loaded again: what a whole process shares can't be replaced between two."""
    if _is_running.get():
        raise OnlyAtStart(f"{what} can be declared only when Spy starts. Restart Spy to load this change.")
