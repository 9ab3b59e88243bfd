"""What reads and writes a type as JSON. pydantic takes a millisecond or two to build it, so a start does not."""

from functools import cached_property
from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Adapter(Generic[T]):
    """A class attribute that is a `TypeAdapter`, built when it is first asked for."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def __get__(self, _instance: object, _owner: type) -> TypeAdapter[T]:
        return self._built

    @cached_property
    def _built(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)
