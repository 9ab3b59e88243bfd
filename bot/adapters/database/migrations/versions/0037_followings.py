"""Store who follows incidents, services and severities."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "following",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("through", sa.Integer(), nullable=True),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("stalled", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_following_about", "following", ["about"])
    op.create_index("following_to_tell", "following", ["incident", "by_mail", "number"])
    for name, columns in (
        ("following_by_person", ["person", "incident"]),
        ("following_through", ["through"]),
    ):
        is_set = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "following", columns, sqlite_where=is_set, postgresql_where=is_set)
    op.execute("INSERT INTO counter (name, value) VALUES ('following', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'following'")
    op.drop_table("following")
