"""Take the numbers of new records from sequences on PostgreSQL. A row that counts is locked until the commit.

An older Spy that still runs beside this one counts in the row. A trigger gives it the sequence's next number too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

COUNTED = (
    "incident",
    "page",
    "team_notice",
    "work_period",
    "shift",
    "cover",
    "failover",
    "change",
    "lock",
    "follow_up",
)
RENAMED = {"tell": "team_notice", "stretch": "work_period"}
"""Tables that were renamed without their sequences, which nobody used."""
COUNTING = """
CREATE FUNCTION count_in_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.value := nextval(NEW.name || '_number_seq');
    RETURN NEW;
END $$;
CREATE TRIGGER count_in_sequence BEFORE UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION count_in_sequence();
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite's writers take turns anyway
    op.execute(COUNTING)  # first: from here on nobody counts until the commit
    for old, new in RENAMED.items():
        op.execute(f"ALTER SEQUENCE {old}_number_seq RENAME TO {new}_number_seq")
    counted = sa.text("SELECT setval(:sequence, value + 1, false) FROM counter WHERE name = :name")
    for name in COUNTED:
        op.get_bind().execute(counted, {"sequence": f"{name}_number_seq", "name": name})


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP TRIGGER count_in_sequence ON counter")
    op.execute("DROP FUNCTION count_in_sequence")
    for name in COUNTED:
        last = f"SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {name}_number_seq"  # noqa: S608  ours
        op.execute(f"UPDATE counter SET value = ({last}) WHERE name = '{name}'")  # noqa: S608  as above
    for old, new in RENAMED.items():
        op.execute(f"ALTER SEQUENCE {new}_number_seq RENAME TO {old}_number_seq")
