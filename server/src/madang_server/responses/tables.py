"""The table of kept responses."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from madang_server.storage.sql.metadata import UtcTime, metadata

kept_responses = Table(
    "kept_responses",
    metadata,
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("input", Text, nullable=False),  # all items of the conversation before the answer, as a JSON list
    Column("response", Text, nullable=False),  # the answer, as JSON
    Column("created_at", UtcTime, nullable=False),
    Index("ix_kept_responses_created_at", "created_at"),
)
