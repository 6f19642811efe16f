"""Limits, and what was spent and refused under them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=True),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("amount", sa.String(length=48), nullable=False),
        sa.Column("soft_share", sa.String(length=48), nullable=False),
        sa.Column("updated_by", sa.String(length=32), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scope IN ('organisation', 'project', 'key', 'user', 'model')", name="ck_limits_scope"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_limits_organisation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_limits_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name="fk_limits_updated_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_limits"),
    )
    op.create_index("ix_limits_organisation_id", "limits", ["organisation_id"])
    op.create_index("ix_limits_project_id", "limits", ["project_id"])
    op.create_table(
        "limit_counts",
        sa.Column("limit_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("window", sa.String(length=10), nullable=False),
        sa.Column("nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["limit_id"], ["limits.id"], name="fk_limit_counts_limit_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("limit_id", "subject", "window", name="pk_limit_counts"),
    )


def downgrade() -> None:
    op.drop_table("limit_counts")
    op.drop_table("limits")
