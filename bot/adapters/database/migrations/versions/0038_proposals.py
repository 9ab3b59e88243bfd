"""Store what machines have proposed."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

INDEXES = (
    ("proposal_open", ["number"], sa.text("open")),
    ("proposal_of_incident", ["incident"], sa.text("incident IS NOT NULL")),
)


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("proposal_of_person", "proposal", ["person", "proposed_at"])
    op.create_index("ix_proposal_proposed_at", "proposal", ["proposed_at"])
    for name, columns, where in INDEXES:
        op.create_index(name, "proposal", columns, sqlite_where=where, postgresql_where=where)
    op.execute("INSERT INTO counter (name, value) VALUES ('proposal', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'proposal'")
    op.drop_table("proposal")
