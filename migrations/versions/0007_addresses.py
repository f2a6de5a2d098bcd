"""The list of addresses, clerks' aliases, and the values by which every process learns that they changed."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Whoever keeps an alias acts as wangge_app, which may not write epochs by itself.
NEXT_EPOCH = """
    CREATE FUNCTION next_address_epoch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    BEGIN
        UPDATE public.address_epoch SET epoch = gen_random_uuid() WHERE part = TG_ARGV[0];
        RETURN NULL;
    END $$
"""
PARTS = {"address": "list", "address_alias": "aliases"}


def on_change(table: str, part: str) -> str:
    return f"""
        CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION next_address_epoch('{part}')
    """


def point() -> sa.Column:
    shape = Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False,
                     from_text="ST_GeomFromEWKT", name="geometry", nullable=False)  # fmt: skip
    return sa.Column("point", shape, nullable=False)


def upgrade() -> None:
    op.create_table(
        "address_epoch",
        sa.Column(
            "part",
            sa.Enum("list", "aliases", name="addresspart", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_address_epoch")),
    )
    op.create_table(
        "address_import",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("loaded_by", sa.String(), nullable=False),
        sa.Column(
            "detected",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="encoding, datum, columns as found in the file",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_import")),
    )
    op.create_table(
        "address",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "identity",
            sa.Uuid(),
            nullable=False,
            comment="made of name, township, village and the point to a metre: equal ones are one address",
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("aliases", sa.ARRAY(sa.String()), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "road", "number", "compound", "building")),
        sa.Column("village", sa.String(), nullable=False),
        sa.Column("township", sa.String(), nullable=False, comment="as written; no area need bear the name"),
        point(),
        sa.Column("raw_x", sa.Double(), nullable=False, comment="as it came, in its own datum"),
        sa.Column("raw_y", sa.Double(), nullable=False),
        sa.Column("datum", sa.String(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null while the address stands in the list",
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_address_name_given")),
        sa.ForeignKeyConstraint(["import_id"], ["address_import.id"], name=op.f("fk_address_import_id_address_import")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
    )
    op.create_index(
        "ix_address_identity", "address", ["identity"], unique=True, postgresql_where=sa.text("retired_at IS NULL")
    )
    op.create_table(
        "address_alias",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False, comment="as it was typed"),
        point(),
        sa.Column("address_id", sa.BigInteger(), nullable=True, comment="the address meant, where one was chosen"),
        sa.Column(
            "name",
            sa.String(),
            nullable=False,
            comment="what the place is called, the text itself where nobody said",
        ),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_by", sa.String(), nullable=False, comment="as the name stood then; survives the account"),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.CheckConstraint("text <> ''", name=op.f("ck_address_alias_text_given")),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_address_alias_address_id_address")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_alias")),
    )
    op.execute(NEXT_EPOCH)
    op.execute(
        "INSERT INTO address_epoch (part, epoch) VALUES ('list', gen_random_uuid()), ('aliases', gen_random_uuid())"
    )
    for table, part in PARTS.items():
        op.execute(on_change(table, part))
    # Reference data that everybody may read; a correction is added or withdrawn, never rewritten.
    op.execute("GRANT INSERT ON address_alias TO wangge_app")
    op.execute("GRANT UPDATE (withdrawn_at, withdrawn_by) ON address_alias TO wangge_app")


def downgrade() -> None:
    op.drop_table("address_alias")
    op.drop_table("address")
    op.drop_table("address_import")
    op.drop_table("address_epoch")
    op.execute("DROP FUNCTION next_address_epoch")
