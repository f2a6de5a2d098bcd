"""How a sender's files are read belongs to the jurisdiction in which it was chosen, and is seen there alone.

What was kept before belongs to nobody's area: whoever sees everything sees it. Code that runs still from before can no
longer remember a sender until it is restarted; it reads as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Read in a sub-select, so that PostgreSQL evaluates it once per query and not once per row.
AREAS = "(SELECT nullif(current_setting('wangge.areas', true), '')::bigint[])::bigint[]"
OURS = f"(SELECT current_setting('wangge.everywhere', true)) = 'on' OR area_id = ANY ({AREAS})"

KEEP_ONE = """
    DELETE FROM file_definition AS one USING file_definition AS other
    WHERE other.sender = one.sender AND other.kind = one.kind AND other.id <> one.id
        AND (other.area_id IS NULL
            OR one.area_id IS NOT NULL AND (other.changed_at, other.id) > (one.changed_at, one.id))
"""
"""Of several of one sender and kind only one fits before: the county's, or else the latest."""


def upgrade() -> None:
    op.add_column(
        "file_definition",
        sa.Column(
            "area_id",
            sa.BigInteger(),
            nullable=True,
            comment="the jurisdiction of whoever chose it; null: of those who see everything",
        ),
    )
    op.create_foreign_key(op.f("fk_file_definition_area_id_area"), "file_definition", "area", ["area_id"], ["id"])
    op.drop_constraint(op.f("uq_file_definition_sender_kind"), "file_definition", type_="unique")
    op.create_unique_constraint(
        op.f("uq_file_definition_area_id_sender_kind"),
        "file_definition",
        ["area_id", "sender", "kind"],
        postgresql_nulls_not_distinct=True,
    )
    op.execute("ALTER TABLE file_definition ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY file_definition_in_scope ON file_definition TO wangge_app USING ({OURS})")


def downgrade() -> None:
    op.execute("DROP POLICY file_definition_in_scope ON file_definition")
    op.execute("ALTER TABLE file_definition DISABLE ROW LEVEL SECURITY")
    op.execute(KEEP_ONE)
    op.drop_constraint(op.f("uq_file_definition_area_id_sender_kind"), "file_definition", type_="unique")
    op.create_unique_constraint(op.f("uq_file_definition_sender_kind"), "file_definition", ["sender", "kind"])
    op.drop_constraint(op.f("fk_file_definition_area_id_area"), "file_definition", type_="foreignkey")
    op.drop_column("file_definition", "area_id")
