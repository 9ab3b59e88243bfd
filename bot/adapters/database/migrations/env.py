"""Alembic's entry point: it runs on the connection that `schema.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

from bot.adapters.database import tables

assert tables.IncidentRow.metadata is SQLModel.metadata  # noqa: S101  importing the module registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
