"""Units, staff, certificates, duties and absences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "county-centre",
                "township",
                "village",
                "department",
                "brigade",
                name="unitkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("area_id", sa.BigInteger(), nullable=True, comment="the place it is the unit of"),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_unit_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False, comment="the unit whose establishment holds the post"),
        sa.Column("works_at_id", sa.BigInteger(), nullable=False, comment="the unit where the person really works"),
        sa.Column("post", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True, comment="the office's number for the person"),
        sa.Column("left_on", sa.Date(), nullable=True, comment="null while in service"),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_staff_unit_id_unit")),
        sa.ForeignKeyConstraint(["works_at_id"], ["unit.id"], name=op.f("fk_staff_works_at_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("staff_no", name=op.f("uq_staff_staff_no")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("away", postgresql.TSTZRANGE(), nullable=False, comment="[from, to)"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("deputy_id", sa.BigInteger(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("staff_id"), "="), (sa.column("away"), "&&"), using="gist", name="absence_no_two_at_once"
        ),
        sa.CheckConstraint("deputy_id <> staff_id", name=op.f("ck_absence_deputy_is_another")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_absence_deputy_id_staff")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absence_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True, comment="null when the file did not say"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_certificate_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("staff_id", "number", name=op.f("uq_certificate_staff_id_number")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "worker",
                "deputy",
                "liaison",
                "police",
                "support",
                name="dutyrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("held", postgresql.TSTZRANGE(), nullable=False, comment="[from, to)"),
        postgresql.ExcludeConstraint(
            (sa.column("staff_id"), "="),
            (sa.column("area_id"), "="),
            (sa.column("role"), "="),
            (sa.column("held"), "&&"),
            using="gist",
            name="duty_no_two_at_once",
        ),
        sa.CheckConstraint("NOT isempty(held)", name=op.f("ck_duty_held_not_empty")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_duty_area_id_area")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index("ix_duty_area_id", "duty", ["area_id"], unique=False)


def downgrade() -> None:
    op.drop_table("duty")
    op.drop_table("certificate")
    op.drop_table("absence")
    op.drop_table("staff")
    op.drop_table("unit")
