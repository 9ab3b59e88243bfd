"""Store what customers were told, and the previews of it."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

OF_INCIDENT = sa.text("incident IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "publication",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("thread", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("publication_of_component", "publication", ["component", "number"])
    op.create_index("publication_of_thread", "publication", ["thread"])
    op.create_table(
        "status_draft",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_status_draft_at", "status_draft", ["at"])
    for table in ("publication", "status_draft"):
        op.create_index(
            f"{table}_of_incident",
            table,
            ["incident"],
            sqlite_where=OF_INCIDENT,
            postgresql_where=OF_INCIDENT,
        )
        op.execute(f"INSERT INTO counter (name, value) VALUES ('{table}', 0)")  # noqa: S608  a name of ours


def downgrade() -> None:
    for table in ("publication", "status_draft"):
        op.execute(f"DELETE FROM counter WHERE name = '{table}'")  # noqa: S608  as above
        op.drop_table(table)
