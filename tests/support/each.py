"""Many small cases in one test, where each would take less time than what pytest does around it."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def each(
    cases: Iterable[T], *, name: Callable[[T], str] = str
) -> Callable[[Callable[[T], None]], Callable[[], None]]:
    """Run a test for all cases, also after one that fails. The failure shows every case that failed by its name."""

    def made(test: Callable[[T], None]) -> Callable[[], None]:
        def for_each_case() -> None:
            tried, failed = list(cases), list[Exception]()
            for case in tried:
                try:
                    test(case)
                except Exception as error:  # noqa: BLE001  it is raised below
                    error.add_note(f"Case: {name(case)}")
                    failed.append(error)
            assert tried, "there are cases"
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(tried)} cases", failed)

        for_each_case.__name__, for_each_case.__doc__ = test.__name__, test.__doc__
        for_each_case.__module__, for_each_case.__qualname__ = test.__module__, test.__qualname__
        return for_each_case

    return made
