"""Accounts, tokens, failed sign-ins and the audit trail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def append_only(table: str) -> str:
    """The triggers that refuse any change to the lines of a table; only_appended() is of the migration before."""
    return f"""
        CREATE TRIGGER {table}_only_appended BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION only_appended();
        CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_appended();
    """


def upgrade() -> None:
    op.create_table(
        "audit_line",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True, comment="who; null for the command line"),
        sa.Column("by_name", sa.String(), nullable=False, comment="the name as it stood then; survives the account"),
        sa.Column("action", sa.String(length=64), nullable=False, comment="a word of webmap.audit.Action"),
        sa.Column(
            "subject", sa.String(length=128), nullable=False, comment="what it was done to: incident:17, account:3"
        ),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="facts, never personal data of a reporter",
        ),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
    )
    op.create_index(op.f("ix_audit_line_at"), "audit_line", ["at"], unique=False)
    op.create_index(op.f("ix_audit_line_subject"), "audit_line", ["subject"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment="as typed, in lower case; it may be nobody's"),
        sa.Column("address", postgresql.INET(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_address_at"), "sign_in_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_sign_in_attempt_name_at"), "sign_in_attempt", ["name", "at"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment="what one signs in with, in lower case"),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "worker",
                "village",
                "township-dispatcher",
                "county-dispatcher",
                "department",
                "planner",
                "leader",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("area_id", sa.BigInteger(), nullable=True, comment="jurisdiction; null: everywhere, or none"),
        sa.Column("unit_id", sa.BigInteger(), nullable=True, comment="the unit it acts for"),
        sa.Column("staff_id", sa.BigInteger(), nullable=True, comment="the person it belongs to"),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "generation",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="raised with every new password or deactivation: ends every older session",
        ),
        sa.Column("language", sa.String(length=8), nullable=True, comment="zh or en; null: as the browser asks"),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("name = lower(name) AND name <> ''", name=op.f("ck_account_name_lower")),
        sa.CheckConstraint("role <> 'department' OR unit_id IS NOT NULL", name=op.f("ck_account_department_has_unit")),
        sa.CheckConstraint("role <> 'worker' OR staff_id IS NOT NULL", name=op.f("ck_account_worker_is_staff")),
        sa.CheckConstraint(
            "role NOT IN ('village', 'township-dispatcher') OR area_id IS NOT NULL",
            name=op.f("ck_account_jurisdiction_named"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_account_area_id_area")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_account_staff_id_staff")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_account_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose", sa.String(length=120), nullable=False, comment="which program uses it, in its maker's words"
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the token"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], unique=False)
    op.execute(append_only("audit_line"))
    op.execute("GRANT INSERT, UPDATE ON account, api_token TO wangge_app")
    op.execute("GRANT INSERT, DELETE ON sign_in_attempt TO wangge_app")
    op.execute("GRANT INSERT ON audit_line TO wangge_app")


def downgrade() -> None:
    op.drop_table("audit_line")
    op.drop_table("sign_in_attempt")
    op.drop_table("api_token")
    op.drop_table("account")
