"""Spy's tests. What they share asserts as plainly as they do: a failure shows both sides there too."""

import pytest

pytest.register_assert_rewrite(
    "tests.contracts", "tests.e2e", "tests.support.emulated", "tests.runbook", "tests.support.stories"
)
