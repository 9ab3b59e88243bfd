"""docs/running.md says of each table what is deleted when."""

import re

from bot.adapters.database.tables import Row
from tests.support.docs import section


def test_each_table_has_a_rule_in_the_documentation():
    lines = re.findall(
        r"^\| (`.*?) \|.*\| (.+?) \|$", section("docs/running.md", "What is pruned, and when"), re.MULTILINE
    )

    named = [name for names, _ in lines for name in re.findall("`([a-z_]+)`", names)]
    assert sorted(named) == sorted([*Row.metadata.tables, "alembic_version"])
    assert all(rule for _, rule in lines)
