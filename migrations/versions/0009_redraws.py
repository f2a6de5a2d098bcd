"""Redraws: change sets with drafts, findings and a history; versions know which redraw began and ended them."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = ("county", "township", "village", "comprehensive", "specialised")
STATES = ("draft", "checked", "published", "reverted", "discarded")
STEPS = (
    "begun", "read", "checked", "mended", "accepted", "edited", "reviewed", "published", "handed-over", "reverted",
    "discarded", "failed",
)  # fmt: skip
EVENTS = ("received", "repeated", "placed", "moved", "photo", "revealed")

# Read in sub-selects, so that PostgreSQL evaluates them once per query and not once per row.
AREAS = "(SELECT nullif(current_setting('wangge.areas', true), '')::bigint[])::bigint[]"
ACCOUNT = "(SELECT nullif(current_setting('wangge.account', true), '')::bigint)"
SCOPES = {
    "redraw": f"""
        (SELECT current_setting('wangge.everywhere', true)) = 'on'
        OR within_ids && {AREAS} OR author_account_id = {ACCOUNT}""",
    "draft_area": "EXISTS (SELECT FROM redraw WHERE redraw.id = redraw_id)",
    "redraw_finding": "EXISTS (SELECT FROM redraw WHERE redraw.id = redraw_id)",
    "redraw_event": "EXISTS (SELECT FROM redraw WHERE redraw.id = redraw_id)",
}
"""Which drafts a scoped session may see: those whose whole scope lies in its jurisdiction, and its own."""


def word(kind: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=kind, native_enum=False, create_constraint=True, length=32)


def append_only(table: str) -> str:
    """The triggers that refuse any change to the lines of a table; only_appended() is of the third migration."""
    return f"""
        CREATE TRIGGER {table}_only_appended BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION only_appended();
        CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_appended();
    """


def allow_events(*kinds: str) -> None:
    """Change the words that the kinds of an incident's events may be."""
    op.drop_constraint(op.f("ck_incident_event_eventkind"), "incident_event")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_incident_event_eventkind"), "incident_event", f"kind IN ({words})")


def check_validity(condition: str) -> None:
    """Change what the period of a version may be."""
    op.drop_constraint(op.f("ck_area_version_valid_not_empty"), "area_version")
    op.create_check_constraint(op.f("ck_area_version_valid_not_empty"), "area_version", condition)


def upgrade() -> None:
    op.create_table(
        "file_definition",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("kind", word("areakind", *KINDS), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_definition")),
        sa.UniqueConstraint("sender", "kind", name=op.f("uq_file_definition_sender_kind")),
    )
    op.create_table(
        "redraw",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", word("areakind", *KINDS), nullable=False),
        sa.Column("state", word("redrawstate", *STATES), nullable=False),
        sa.Column("author", sa.String(), nullable=False, comment="as the name stood then"),
        sa.Column("author_account_id", sa.BigInteger(), nullable=True),
        sa.Column("reviewer", sa.String(), nullable=True, comment="somebody else who has looked at it"),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("source_name", sa.String(), nullable=True, comment="the file as it was called where it came from"),
        sa.Column("source_kept", sa.String(), nullable=True, comment="below the uploads folder; named by content"),
        sa.Column("sender", sa.String(), nullable=True, comment="who sends such files: their definition is remembered"),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="how the file is to be read: what can be said again",
        ),
        sa.Column(
            "detected",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="encoding, crs, datum, columns as found in the file",
        ),
        sa.Column(
            "scope_ids",
            postgresql.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="the areas whose grids it replaces; empty: all",
        ),
        sa.Column(
            "within_ids",
            postgresql.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="every area that the whole scope lies in",
        ),
        sa.Column("base", sa.String(), nullable=True, comment="digest of the versions it was checked against"),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "comes_at", sa.DateTime(timezone=True), nullable=True, comment="the moment from which on it is in force"
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column(
            "handover",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="class of open cases → stay or move",
        ),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reverts_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "progress",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="what is being done, and how far it is; null while nothing is",
        ),
        sa.Column(
            "summary",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what the last check counted",
        ),
        sa.Column(
            "comparison",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="how it differs from what it was checked against, and whom that concerns",
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_redraw_name_given")),
        sa.CheckConstraint(
            "state NOT IN ('published', 'reverted') OR comes_at IS NOT NULL",
            name=op.f("ck_redraw_published_has_a_moment"),
        ),
        sa.ForeignKeyConstraint(["reverts_id"], ["redraw.id"], name=op.f("fk_redraw_reverts_id_redraw")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redraw")),
        sa.UniqueConstraint("name", name=op.f("uq_redraw_name")),
    )
    op.create_index("ix_redraw_reverts_id", "redraw", ["reverts_id"], unique=False)
    op.create_table(
        "draft_area",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("redraw_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False, comment="of the file, the first is 1"),
        sa.Column(
            "code",
            sa.String(length=64, collation="C"),
            nullable=False,
            comment="empty where the file has none that can be used",
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True),
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
        sa.Column("parent_id", sa.BigInteger(), nullable=True, comment="an area, none of which is ever deleted"),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.CheckConstraint("households >= 0", name=op.f("ck_draft_area_households_counted")),
        sa.ForeignKeyConstraint(["redraw_id"], ["redraw.id"], name=op.f("fk_draft_area_redraw_id_redraw")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_area")),
        sa.UniqueConstraint("redraw_id", "row", name=op.f("uq_draft_area_redraw_id_row")),
    )
    op.create_table(
        "redraw_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("redraw_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", word("redrawstep", *STEPS), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("by_account_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["redraw_id"], ["redraw.id"], name=op.f("fk_redraw_event_redraw_id_redraw")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redraw_event")),
    )
    op.create_index("ix_redraw_event_redraw_id", "redraw_event", ["redraw_id"], unique=False)
    op.create_table(
        "redraw_finding",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("redraw_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "of_file", sa.Boolean(), nullable=False, comment="found when the file was read; else by the last check"
        ),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("rows", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column(
            "field",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="of the file, for a problem of a row",
        ),
        sa.Column("size_m2", sa.Double(), nullable=True),
        sa.Column(
            "shape",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "message", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what the sentence was made of"
        ),
        sa.Column("mend", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("decision", word("decision", "accepted", "mended"), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["redraw_id"], ["redraw.id"], name=op.f("fk_redraw_finding_redraw_id_redraw")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redraw_finding")),
    )
    op.create_index("ix_redraw_finding_redraw_id", "redraw_finding", ["redraw_id"], unique=False)
    op.add_column(
        "area_version", sa.Column("begun_by_id", sa.BigInteger(), nullable=True, comment="the redraw that brought it")
    )
    op.add_column(
        "area_version", sa.Column("ended_by_id", sa.BigInteger(), nullable=True, comment="the redraw that ended it")
    )
    op.add_column(
        "area_version",
        sa.Column(
            "withdrawn_by_id",
            sa.BigInteger(),
            nullable=True,
            comment="the reverting redraw, where it never came into force",
        ),
    )
    op.create_index("ix_area_version_begun_by_id", "area_version", ["begun_by_id"], unique=False)
    op.create_index("ix_area_version_ended_by_id", "area_version", ["ended_by_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_area_version_withdrawn_by_id_redraw"), "area_version", "redraw", ["withdrawn_by_id"], ["id"]
    )
    op.create_foreign_key(op.f("fk_area_version_begun_by_id_redraw"), "area_version", "redraw", ["begun_by_id"], ["id"])
    op.create_foreign_key(op.f("fk_area_version_ended_by_id_redraw"), "area_version", "redraw", ["ended_by_id"], ["id"])
    check_validity("NOT isempty(valid) OR withdrawn_by_id IS NOT NULL")
    allow_events(*EVENTS, "redrawn")
    op.execute(append_only("redraw_event"))
    for table, condition in SCOPES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_in_scope ON {table} TO wangge_app USING ({condition})")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM redraw WHERE state IN ('published', 'reverted'))")):
        raise RuntimeError("a redraw was published: the areas of today rest on it, and only a backup goes behind it")
    allow_events(*EVENTS)
    check_validity("NOT isempty(valid)")
    op.drop_constraint(op.f("fk_area_version_ended_by_id_redraw"), "area_version", type_="foreignkey")
    op.drop_constraint(op.f("fk_area_version_begun_by_id_redraw"), "area_version", type_="foreignkey")
    op.drop_constraint(op.f("fk_area_version_withdrawn_by_id_redraw"), "area_version", type_="foreignkey")
    op.drop_index("ix_area_version_ended_by_id", table_name="area_version")
    op.drop_index("ix_area_version_begun_by_id", table_name="area_version")
    op.drop_column("area_version", "withdrawn_by_id")
    op.drop_column("area_version", "ended_by_id")
    op.drop_column("area_version", "begun_by_id")
    op.drop_index("ix_redraw_finding_redraw_id", table_name="redraw_finding")
    op.drop_table("redraw_finding")
    op.drop_index("ix_redraw_event_redraw_id", table_name="redraw_event")
    op.drop_table("redraw_event")
    op.drop_table("draft_area")
    op.drop_index("ix_redraw_reverts_id", table_name="redraw")
    op.drop_table("redraw")
    op.drop_table("file_definition")
