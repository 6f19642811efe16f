"""The table of credentials. `sealed_key` opens only with the installation's secret key, see `credentials.cipher`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint

from madang_server.storage.sql.metadata import UtcTime, metadata

credentials = Table(
    "credentials",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("vendor", String(32), nullable=False),
    Column("base_url", String(2000), nullable=True),
    Column("api_version", String(64), nullable=True),
    Column("sealed_key", Text, nullable=True),
    Column("secret_hint", String(8), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("project_id", "name"),
)
