"""Matters, incidents, their history that nobody can edit, and the second fence: row-level security."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ONLY_APPENDED = """
    CREATE FUNCTION only_appended() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the lines of % are only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""

# The settings are read in sub-selects, so that PostgreSQL evaluates them once per query and not once per row.
AREAS = "(SELECT nullif(current_setting('wangge.areas', true), '')::bigint[])::bigint[]"
UNIT = "(SELECT nullif(current_setting('wangge.unit', true), '')::bigint)"
ACCOUNT = "(SELECT nullif(current_setting('wangge.account', true), '')::bigint)"

SCOPES = {
    "incident": f"""
        (SELECT current_setting('wangge.everywhere', true)) = 'on'
        OR township_id = ANY ({AREAS}) OR village_id = ANY ({AREAS}) OR grid_id = ANY ({AREAS})
        OR county_id = ANY ({AREAS}) OR specialised_ids && {AREAS}
        OR lead_unit_id = {UNIT} OR reported_by_account_id = {ACCOUNT}""",
    "incident_event": "EXISTS (SELECT FROM incident WHERE incident.id = incident_id)",
    "photo": "EXISTS (SELECT FROM incident WHERE incident.id = incident_id)",
}
"""What a scoped session may see and write. database.session sets the settings; unset means nothing."""


def append_only(table: str) -> str:
    """The triggers that refuse any change to the lines of a table."""
    return f"""
        CREATE TRIGGER {table}_only_appended BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION only_appended();
        CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_appended();
    """


def upgrade() -> None:
    op.execute("CREATE SEQUENCE incident_serial")
    op.create_table(
        "matter",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column(
            "valid", postgresql.TSTZRANGE(), nullable=False, comment="[from, to): catalogues change during a year"
        ),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lead_unit_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "village", "township", "county", name="level", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("limit_amount", sa.Integer(), nullable=True),
        sa.Column(
            "limit_unit",
            sa.Enum(
                "working-hours",
                "working-days",
                "natural-hours",
                name="limitunit",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "procedure",
            sa.Enum("simple", "ordinary", name="procedure", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("officers", sa.Integer(), nullable=False, comment="certified officers who must act together"),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="), (sa.column("valid"), "&&"), using="gist", name="matter_no_two_at_once"
        ),
        sa.CheckConstraint("(limit_amount IS NULL) = (limit_unit IS NULL)", name=op.f("ck_matter_limit_whole")),
        sa.CheckConstraint("limit_amount > 0", name=op.f("ck_matter_limit_positive")),
        sa.CheckConstraint("officers >= 0", name=op.f("ck_matter_officers_counted")),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["unit.id"], name=op.f("fk_matter_lead_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("nextval('incident_serial')"), nullable=False),
        sa.Column("number", sa.String(), nullable=False, comment="what people call it by: day of receipt and serial"),
        sa.Column("key", sa.Uuid(), nullable=True, comment="made by the client, so that a retry adds nothing"),
        sa.Column(
            "channel",
            sa.Enum(
                "hotline",
                "citizen",
                "worker",
                "patrol",
                "superior",
                "system",
                "sensor",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("external_number", sa.String(), nullable=True, comment="the number the sending system gave it"),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw_x", sa.Double(), nullable=True, comment="easting or longitude as it came"),
        sa.Column("raw_y", sa.Double(), nullable=True, comment="northing or latitude as it came"),
        sa.Column("raw_datum", sa.String(), nullable=True, comment="wgs84, gcj02, bd09, cgcs2000 or EPSG:n"),
        sa.Column("accuracy_m", sa.Double(), nullable=True, comment="as the device claimed"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "placement",
            sa.Enum(
                "located",
                "snapped",
                "unlocated",
                "invalid",
                name="placement",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("placed_by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "queue_reason",
            sa.Enum(
                "no-coordinates",
                "unusable-coordinates",
                "placeholder-point",
                "outside-all-grids",
                "nobody-answers",
                name="queuereason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
            comment="null once nobody must look",
        ),
        sa.Column("county_id", sa.BigInteger(), nullable=True),
        sa.Column("township_id", sa.BigInteger(), nullable=True),
        sa.Column("village_id", sa.BigInteger(), nullable=True),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("grid_version_id", sa.BigInteger(), nullable=True, comment="what it was judged by"),
        sa.Column("specialised_ids", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "explanation",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="why there and why these people, as decided then",
        ),
        sa.Column("staff_id", sa.BigInteger(), nullable=True, comment="the person who answers"),
        sa.Column("unit_id", sa.BigInteger(), nullable=True, comment="the unit whose desk it is on"),
        sa.Column("lead_unit_id", sa.BigInteger(), nullable=True, comment="to whom it was dispatched"),
        sa.Column("handler_account_id", sa.BigInteger(), nullable=True, comment="who said it was handled"),
        sa.Column(
            "state",
            sa.Enum(
                "reported",
                "filed",
                "dispatched",
                "handled",
                "closed",
                "void",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("matter_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repeats_id", sa.BigInteger(), nullable=True, comment="an earlier report of the same"),
        sa.Column("reported_by_account_id", sa.BigInteger(), nullable=True),
        sa.Column("reporter_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "point IS NOT NULL OR placement IN ('unlocated', 'invalid')", name=op.f("ck_incident_placed_has_a_point")
        ),
        sa.CheckConstraint("state <> 'closed' OR closed_at IS NOT NULL", name=op.f("ck_incident_closed_has_a_time")),
        sa.CheckConstraint("(raw_x IS NULL) = (raw_y IS NULL)", name=op.f("ck_incident_raw_pair_whole")),
        sa.ForeignKeyConstraint(["county_id"], ["area.id"], name=op.f("fk_incident_county_id_area")),
        sa.ForeignKeyConstraint(["grid_id"], ["area.id"], name=op.f("fk_incident_grid_id_area")),
        sa.ForeignKeyConstraint(
            ["grid_version_id"], ["area_version.id"], name=op.f("fk_incident_grid_version_id_area_version")
        ),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["unit.id"], name=op.f("fk_incident_lead_unit_id_unit")),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_incident_matter_id_matter")),
        sa.ForeignKeyConstraint(["repeats_id"], ["incident.id"], name=op.f("fk_incident_repeats_id_incident")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_incident_staff_id_staff")),
        sa.ForeignKeyConstraint(["township_id"], ["area.id"], name=op.f("fk_incident_township_id_area")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_incident_unit_id_unit")),
        sa.ForeignKeyConstraint(["village_id"], ["area.id"], name=op.f("fk_incident_village_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("key", name=op.f("uq_incident_key")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
    )
    op.create_index("ix_incident_grid_id", "incident", ["grid_id"], unique=False)
    op.create_index("ix_incident_lead_unit_id", "incident", ["lead_unit_id"], unique=False)
    op.create_index("ix_incident_point", "incident", ["point"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_incident_queue_reason",
        "incident",
        ["queue_reason"],
        unique=False,
        postgresql_where=sa.text("queue_reason IS NOT NULL"),
    )
    op.create_index("ix_incident_raw_pair", "incident", ["raw_x", "raw_y"], unique=False)
    op.create_index("ix_incident_reported_at", "incident", ["reported_at"], unique=False)
    op.create_index("ix_incident_staff_id", "incident", ["staff_id"], unique=False)
    op.create_index("ix_incident_township_id_reported_at", "incident", ["township_id", "reported_at"], unique=False)
    op.create_index(
        "uq_incident_channel_external_number",
        "incident",
        ["channel", "external_number"],
        unique=True,
        postgresql_where=sa.text("external_number IS NOT NULL"),
    )
    op.create_table(
        "matter_co_unit",
        sa.Column("matter_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_matter_co_unit_matter_id_matter")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_matter_co_unit_unit_id_unit")),
        sa.PrimaryKeyConstraint("matter_id", "unit_id", name=op.f("pk_matter_co_unit")),
    )
    op.create_table(
        "incident_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when it happened, which an imported history may date back",
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "received",
                "repeated",
                "placed",
                "moved",
                "photo",
                "revealed",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "move",
            sa.Enum(
                "file",
                "dispatch",
                "handle",
                "fix",
                "rework",
                "close",
                "void",
                name="move",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "from_state",
            sa.Enum(
                "reported",
                "filed",
                "dispatched",
                "handled",
                "closed",
                "void",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "reported",
                "filed",
                "dispatched",
                "handled",
                "closed",
                "void",
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("by_name", sa.String(), nullable=False, comment="as the name stood then; survives the account"),
        sa.Column("by_account_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_event_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_event")),
    )
    op.create_index("ix_incident_event_incident_id", "incident_event", ["incident_id"], unique=False)
    op.create_table(
        "photo",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False, comment="below the uploads folder; named by content"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_photo_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    op.create_index("ix_photo_incident_id", "photo", ["incident_id"], unique=False)
    op.execute(ONLY_APPENDED)
    op.execute(append_only("incident_event"))
    for table, condition in SCOPES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_in_scope ON {table} TO wangge_app USING ({condition})")
    op.execute("GRANT INSERT, UPDATE ON incident TO wangge_app")
    op.execute("GRANT INSERT ON incident_event, photo TO wangge_app")


def downgrade() -> None:
    op.drop_table("photo")
    op.drop_table("incident_event")
    op.drop_table("incident")
    op.drop_table("matter_co_unit")
    op.drop_table("matter")
    op.execute("DROP FUNCTION only_appended")
    op.execute("DROP SEQUENCE incident_serial")
