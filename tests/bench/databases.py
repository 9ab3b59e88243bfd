"""The databases of a bench: a file of SQLite's, or PostgreSQL as it comes. Both wait for the disk."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.support.postgres import Postgres, serving


@contextmanager
def server() -> Iterator[Postgres]:
    """Serve PostgreSQL with its own settings: the one of the tests does not wait for the disk."""
    with serving("bench-durable", settings=()) as postgres:
        yield postgres


@contextmanager
def fresh(count: int = 1) -> Iterator[list[str]]:
    """Return the addresses of so many new, migrated databases on PostgreSQL."""
    with server() as postgres, ExitStack() as stack:
        yield [stack.enter_context(postgres.fresh()) for _ in range(count)]
