"""Alembic's entry point: it runs on the connection that `schema.migrate` opened."""

from alembic import context

from bot.adapters.database.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
