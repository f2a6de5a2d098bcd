"""Areas and their versions, and the epoch by which every process learns that they changed."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APP_ROLE = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_app') THEN
            CREATE ROLE wangge_app NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- roles are shared by all databases of a server
    END $$;
    DO $$ BEGIN
        IF NOT pg_has_role(current_user, 'wangge_app', 'MEMBER') THEN
            EXECUTE format('GRANT wangge_app TO %I', current_user);
        END IF;
    END $$;
    GRANT USAGE ON SCHEMA public TO wangge_app;
"""

NEXT_EPOCH = """
    CREATE FUNCTION next_areas_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE reached bigint;
    BEGIN
        UPDATE areas_epoch SET epoch = epoch + 1 RETURNING epoch INTO reached;
        PERFORM pg_notify('areas_changed', reached::text);
        RETURN NULL;
    END $$
"""

ON_CHANGE = """
    CREATE TRIGGER area_version_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON area_version
    FOR EACH STATEMENT EXECUTE FUNCTION next_areas_epoch()
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(APP_ROLE)
    op.create_table(
        "area",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=64, collation="C"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "county",
                "township",
                "village",
                "comprehensive",
                "specialised",
                name="areakind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("domain", sa.String(), nullable=True, comment="school, hospital, market …; specialised areas only"),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(domain IS NOT NULL) = (kind = 'specialised')", name=op.f("ck_area_domain_if_specialised")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_area_kind_code")),
    )
    op.create_table(
        "area_import",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "county",
                "township",
                "village",
                "comprehensive",
                "specialised",
                name="areakind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("loaded_by", sa.String(), nullable=False),
        sa.Column(
            "detected",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="encoding, crs, datum, columns as found in the file",
        ),
        sa.Column(
            "accepted",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="findings that would have blocked and were accepted",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_import")),
    )
    op.create_table(
        "areas_epoch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_areas_epoch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas_epoch")),
    )
    op.create_table(
        "area_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False, comment="[from, to): who answers when"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "outline",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.BigInteger(), nullable=True, comment="the area above, null where none is recorded"),
        sa.Column("households", sa.Integer(), nullable=True, comment="counted, null when unknown; never names"),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.column("area_id"), "="), (sa.column("valid"), "&&"), using="gist", name="area_version_no_two_at_once"
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_area_version_name_given")),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f("ck_area_version_valid_not_empty")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_area_version_households_counted")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_version_area_id_area")),
        sa.ForeignKeyConstraint(["import_id"], ["area_import.id"], name=op.f("fk_area_version_import_id_area_import")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_version_parent_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_version")),
    )
    op.create_index("ix_area_version_outline", "area_version", ["outline"], unique=False, postgresql_using="gist")
    op.create_index("ix_area_version_parent_id", "area_version", ["parent_id"], unique=False)
    op.execute("INSERT INTO areas_epoch (id, epoch) VALUES (1, 0)")
    op.execute(NEXT_EPOCH)
    op.execute(ON_CHANGE)
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO wangge_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO wangge_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO wangge_app")


def downgrade() -> None:
    op.drop_table("area_version")
    op.drop_table("areas_epoch")
    op.drop_table("area_import")
    op.drop_table("area")
    op.execute("DROP FUNCTION next_areas_epoch")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM wangge_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM wangge_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM wangge_app")
