"""The tables of models and their deployments."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from madang_server.storage.sql.metadata import ExactDecimal, UtcTime, metadata

models = Table(
    "models",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("alias", String(128), nullable=False),
    Column("description", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("timeout_s", Float, nullable=False),
    Column("connect_timeout_s", Float, nullable=True),
    Column("first_token_timeout_s", Float, nullable=True),
    Column("answer_timeout_s", Float, nullable=True),
    Column("idle_timeout_s", Float, nullable=True),
    Column("cache_ttl_s", Float, nullable=True),
    Column("fallbacks", JSON, nullable=False),
    Column(
        "routing", JSON(none_as_null=True), nullable=True
    ),  # in the form of `models.routing`; NULL where it is plain
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("project_id", "alias"),
)

deployments = Table(
    "deployments",
    metadata,
    Column("model_id", String(32), ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("vendor", String(32), nullable=False),
    Column("vendor_model", String(256), nullable=False),
    Column("region", String(64), nullable=False),
    Column("base_url", String(2000), nullable=True),
    Column("api_version", String(64), nullable=True),
    # No cascade from credentials: deleting one that is in use is refused, here as the last resort.
    Column("credential_id", String(32), ForeignKey("credentials.id"), nullable=True, index=True),
    Column("weight", Float, nullable=False),
    Column("order", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("input_usd_per_million", ExactDecimal, nullable=True),
    Column("cached_input_usd_per_million", ExactDecimal, nullable=True),
    Column("output_usd_per_million", ExactDecimal, nullable=True),
    Column("context_window", Integer, nullable=True),
    Column("max_output_tokens", Integer, nullable=True),
    Column("supports", JSON(none_as_null=True), nullable=True),
    Column("base_model", String(256), nullable=True),
)

project_routing = Table(
    "project_routing",
    metadata,
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("policy_block_vendors", JSON, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

project_duplicates = Table(
    "project_duplicates",
    metadata,
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("joins_duplicates", Boolean, nullable=False),
    Column("window_s", Float, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)
