"""The one row of the configuration's counter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_config_version = sa.table("config_version", sa.column("id", sa.Integer), sa.column("value", sa.BigInteger))


def upgrade() -> None:
    op.bulk_insert(_config_version, [{"id": 1, "value": 1}])


def downgrade() -> None:
    op.execute(_config_version.delete())
