"""After each test, all that passed between bot and sandbox is held against the vendors' own descriptions."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import BOXES
from tests.support.vendors import problems

SEEN: Counter[int] = Counter()
"""How many exchanges of each box (by its place in BOXES) were looked at before."""


@pytest.fixture(autouse=True)
def held_to_the_vendors() -> Iterator[None]:
    """Fail a test in which the bot asked, or the sandbox said, what the vendor's description refuses."""
    yield
    found: Counter[str] = Counter()
    for at, box in enumerate(BOXES):
        new = box.exchanges[SEEN[at] :]
        SEEN[at] += len(new)
        found.update(problem for exchange in new for problem in problems(exchange))
    assert not found, "\n".join(["the vendors' descriptions refuse:", *found])
