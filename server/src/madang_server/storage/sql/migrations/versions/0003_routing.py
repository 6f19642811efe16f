"""How models want their calls to go, what their deployments can take, and a project's routing settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("connect_timeout_s", sa.Float(), nullable=True))
    op.add_column("models", sa.Column("answer_timeout_s", sa.Float(), nullable=True))
    op.add_column("models", sa.Column("routing", sa.JSON(), nullable=True))
    op.add_column("deployments", sa.Column("context_window", sa.Integer(), nullable=True))
    op.add_column("deployments", sa.Column("max_output_tokens", sa.Integer(), nullable=True))
    op.add_column("deployments", sa.Column("supports", sa.JSON(), nullable=True))
    op.add_column("deployments", sa.Column("base_model", sa.String(length=256), nullable=True))
    op.create_table(
        "project_routing",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("policy_block_vendors", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_routing_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", name="pk_project_routing"),
    )


def downgrade() -> None:
    op.drop_table("project_routing")
    for column in ("base_model", "supports", "max_output_tokens", "context_window"):
        op.drop_column("deployments", column)
    for column in ("routing", "answer_timeout_s", "connect_timeout_s"):
        op.drop_column("models", column)
