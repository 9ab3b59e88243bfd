"""Add alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

MOMENT = sa.DateTime(timezone=True)
INDEXES = {
    "alert_current": (["key"], "newest"),
    "alert_lines": (["service", "told_at"], "storm IS NULL"),
    "alert_newest": (["told_at"], "storm IS NULL"),
    "alert_storm": (["storm"], "storm IS NOT NULL"),
    "alert_open": (["source", "heard_at"], "open"),
    "alert_alone": (["told_at"], "incident IS NULL"),
}
UNIQUE = "alert_current"


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("storm", sa.Integer(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    for name, (columns, where) in INDEXES.items():
        condition = sa.text(where)
        op.create_index(
            name,
            "alert",
            columns,
            unique=name == UNIQUE,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    op.create_index("ix_alert_incident", "alert", ["incident"])
    op.execute("INSERT INTO counter (name, value) VALUES ('alert', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'alert'")
    op.drop_table("alert")
