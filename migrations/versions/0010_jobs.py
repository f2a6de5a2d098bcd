"""Jobs that outlive a request, kept by procrastinate in tables of its own.

The package's whole schema is taken as its pinned release has it: its step by step migrations add words to enumerated
types, which a transaction cannot use before it ends. A migration that follows a newer release must therefore look
first whether what it adds is there already.
"""

from importlib.resources import files

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

REMOVE = """
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT format('%I', relname) AS name FROM pg_class
            WHERE relname LIKE 'procrastinate\\_%' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
        LOOP EXECUTE 'DROP TABLE ' || one.name || ' CASCADE'; END LOOP;
        FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
            WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = 'public'::regnamespace
        LOOP EXECUTE 'DROP FUNCTION ' || one.name || ' CASCADE'; END LOOP;
        FOR one IN SELECT format('%I', typname) AS name FROM pg_type
            WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') AND typnamespace = 'public'::regnamespace
        LOOP EXECUTE 'DROP TYPE ' || one.name || ' CASCADE'; END LOOP;
    END $$
"""

PRIVATE = """
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT format('%I', relname) AS name FROM pg_class
            WHERE relname LIKE 'procrastinate\\_%' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
        LOOP EXECUTE 'REVOKE ALL ON ' || one.name || ' FROM wangge_app'; END LOOP;
    END $$
"""


def run(statements: str) -> None:
    """Several statements at once, in which per cent signs mean themselves."""
    op.get_bind().connection.driver_connection.execute(statements)


def upgrade() -> None:
    run(files("procrastinate").joinpath("sql/schema.sql").read_text(encoding="utf-8"))
    run(PRIVATE)


def downgrade() -> None:
    run(REMOVE)
