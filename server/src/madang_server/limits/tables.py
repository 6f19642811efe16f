"""The tables of limits: what was set, and how much money was spent and how many calls were refused under each."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, Table

from madang_server.storage.sql.metadata import ExactDecimal, UtcTime, metadata

limits = Table(
    "limits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation_id", String(32), ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False),
    # None where it is the organisation's.
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("scope", String(16), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("amount", ExactDecimal, nullable=False),
    Column("soft_share", ExactDecimal, nullable=False),
    # Who changed it last may leave; the limit stays.
    Column("updated_by", String(32), ForeignKey("users.id", ondelete="SET NULL"), nullable=True),
    Column("updated_at", UtcTime, nullable=False),
    CheckConstraint("scope IN ('organisation', 'project', 'key', 'user', 'model')", name="scope"),
    Index("ix_limits_organisation_id", "organisation_id"),
)

# Gateways add to these rows every two seconds, so money is a whole number here: a sum in SQL stays exact.
limit_counts = Table(
    "limit_counts",
    metadata,
    Column("limit_id", String(32), ForeignKey("limits.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("window", String(10), primary_key=True),  # 2026-11-22 or 2026-11, UTC
    Column("nano_usd", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
)
