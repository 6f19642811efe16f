"""The table of prices that projects agreed with their vendors."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, String, Table, UniqueConstraint

from madang.calls.target import AMOUNTS
from madang_server.storage.sql.metadata import ExactDecimal, UtcTime, metadata

price_overrides = Table(
    "price_overrides",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("vendor", String(32), nullable=False),
    Column("model", String(256), nullable=False),
    Column("valid_from", Date, nullable=False),
    *(Column(name, ExactDecimal, nullable=True) for name in AMOUNTS),
    # Who changed it last may leave; the price stays.
    Column("updated_by", String(32), ForeignKey("users.id", ondelete="SET NULL"), nullable=True),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("project_id", "vendor", "model", "valid_from"),
)
