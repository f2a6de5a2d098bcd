"""Counting anonymous reports per address."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anonymous_report",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("whence", sa.LargeBinary(length=16), nullable=False, comment="keyed hash of the address"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anonymous_report")),
    )
    op.create_index("ix_anonymous_report_whence_at", "anonymous_report", ["whence", "at"], unique=False)
    op.create_index("ix_anonymous_report_at", "anonymous_report", ["at"], unique=False)
    # Default privileges let requests read new tables; nobody's scope has any business here.
    op.execute("REVOKE SELECT ON anonymous_report FROM wangge_app")


def downgrade() -> None:
    op.drop_table("anonymous_report")
