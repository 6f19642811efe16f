"""For how long a model's answers may be given again, and what a project says about calls that come twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("cache_ttl_s", sa.Float(), nullable=True))
    op.create_table(
        "project_duplicates",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("joins_duplicates", sa.Boolean(), nullable=False),
        sa.Column("window_s", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_duplicates_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", name="pk_project_duplicates"),
    )


def downgrade() -> None:
    op.drop_table("project_duplicates")
    op.drop_column("models", "cache_ttl_s")
