"""The table of drills, played and under way."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text

from madang_server.storage.sql.metadata import UtcTime, metadata

drills = Table(
    "drills",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("model", String(128), nullable=False),
    Column("scenario", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("minutes", JSON, nullable=False),
    Column("report", JSON, nullable=True),
    Column("problem", Text, nullable=False),
    Column("started_by", String(32), ForeignKey("users.id", ondelete="SET NULL"), nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("ix_drills_project_id_created_at", "project_id", "created_at"),
)
