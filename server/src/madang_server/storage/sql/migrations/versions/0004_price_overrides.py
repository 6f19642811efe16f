"""The prices that projects agreed with their vendors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AMOUNTS = (
    "input",
    "output",
    "cached_input",
    "cache_write",
    "cache_write_1h",
    "audio_input",
    "audio_output",
    "image_input",
    "image_output",
    "per_request",
    "per_image",
    "per_audio_minute",
    "per_million_characters",
)


def upgrade() -> None:
    op.create_table(
        "price_overrides",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        *(sa.Column(name, sa.String(length=48), nullable=True) for name in _AMOUNTS),
        sa.Column("updated_by", sa.String(length=32), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_price_overrides_project_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], name="fk_price_overrides_updated_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_price_overrides"),
        sa.UniqueConstraint(
            "project_id", "vendor", "model", "valid_from", name="uq_price_overrides_project_id_vendor_model_valid_from"
        ),
    )


def downgrade() -> None:
    op.drop_table("price_overrides")
