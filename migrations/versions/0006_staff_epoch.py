"""The number by which every process learns that staff changed, and an index for finding repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("unit", "staff", "duty", "absence")

NEXT_EPOCH = """
    CREATE FUNCTION next_staff_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE staff_epoch SET epoch = epoch + 1;
        RETURN NULL;
    END $$
"""


def on_change(table: str) -> str:
    """Before the rows: who changes staff waits here, holding nothing that another who changes staff may wait for."""
    return f"""
        CREATE TRIGGER {table}_changes BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}"
        FOR EACH STATEMENT EXECUTE FUNCTION next_staff_epoch()
    """


def upgrade() -> None:
    op.create_table(
        "staff_epoch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_staff_epoch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_epoch")),
    )
    op.execute("INSERT INTO staff_epoch (id, epoch) VALUES (1, 0)")
    op.execute(NEXT_EPOCH)
    for table in TABLES:
        op.execute(on_change(table))
    op.create_index("ix_incident_grid_id_reported_at", "incident", ["grid_id", "reported_at"])
    op.drop_index("ix_incident_grid_id", "incident")


def downgrade() -> None:
    op.create_index("ix_incident_grid_id", "incident", ["grid_id"])
    op.drop_index("ix_incident_grid_id_reported_at", "incident")
    for table in TABLES:
        op.execute(f'DROP TRIGGER {table}_changes ON "{table}"')
    op.execute("DROP FUNCTION next_staff_epoch")
    op.drop_table("staff_epoch")
