"""Create the first tables: incidents, timeline, pages, people, messages, outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "duty_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("duties", sa.JSON(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_inbound_at"), "inbound", ["at"], unique=False)

    op.create_table(
        "incident",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("declared_by", sa.String(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.String(), nullable=True),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("room_name", sa.String(), nullable=False),
        sa.Column("room_refused", sa.String(), nullable=True),
        sa.Column("commander", sa.String(), nullable=True),
        sa.Column("command_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("command_offered_to", sa.String(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("impact", sa.String(), nullable=True),
        sa.Column("impact_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("update", sa.String(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_by", sa.String(), nullable=True),
        sa.Column("update_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mitigated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("incident_by_declarer", "incident", ["declared_by", "declared_at"], unique=False)
    op.create_index(op.f("ix_incident_phase"), "incident", ["phase"], unique=False)
    op.create_index(op.f("ix_incident_room"), "incident", ["room"], unique=False)

    op.create_table(
        "lease",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job"),
    )
    op.create_table(
        "message",
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=False),
        sa.Column("permalink", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("slot"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=True),
        sa.Column("needs_room", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_outbox_done_at"), "outbox", ["done_at"], unique=False)
    op.create_index(op.f("ix_outbox_needs_room"), "outbox", ["needs_room"], unique=False)
    op.create_index(
        "outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "outbox_lane",
        "outbox",
        ["lane", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "outbox_slot",
        "outbox",
        ["slot"],
        unique=True,
        sqlite_where=sa.text("state IN ('held', 'ready')"),
        postgresql_where=sa.text("state IN ('held', 'ready')"),
    )

    op.create_table(
        "page",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("line_at", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("pagerduty_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_to", sa.String(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("fallback", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_page_incident"), "page", ["incident"], unique=False)
    op.create_index(op.f("ix_page_pagerduty_id"), "page", ["pagerduty_id"], unique=False)
    op.create_index(op.f("ix_page_state"), "page", ["state"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("profiled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_person_name"), "person", ["name"], unique=False)
    op.create_index(op.f("ix_person_profiled_at"), "person", ["profiled_at"], unique=False)

    op.create_table(
        "tell",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.JSON(), nullable=False),
        sa.Column("failed", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_tell_incident"), "tell", ["incident"], unique=False)

    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("permalink", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("substance", sa.Boolean(), nullable=False),
        sa.Column("curated", sa.String(), nullable=True),
        sa.Column("supersedes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident", "seq"),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('incident', 0), ('page', 0), ('tell', 0)")


def downgrade() -> None:
    for table in (
        "timeline",
        "tell",
        "person",
        "page",
        "outbox",
        "message",
        "lease",
        "incident",
        "inbound",
        "duty_copy",
        "counter",
    ):
        op.drop_table(table)
