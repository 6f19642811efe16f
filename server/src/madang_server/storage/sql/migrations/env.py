"""Runs migrations on the connection and inside the transaction that `storage.sql.migrate` opened."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
