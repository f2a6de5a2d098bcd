"""What is remembered of senders gets an owner, and without one is each sender's only once again."""

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from database import schema

AREA = "INSERT INTO area (id, code, kind) VALUES (1, '329901001', 'township'), (2, '329901002', 'township')"
KEPT = """
    INSERT INTO file_definition (sender, kind, definition, changed_at, changed_by, area_id) VALUES
        ('both', 'village', '{}', '2026-01-01', 'Li', 1), ('both', 'village', '{}', '2026-02-01', 'Wang', 2),
        ('all', 'village', '{}', '2026-03-01', 'Li', 1)
"""


def test_the_countys_own_stays_and_otherwise_the_latest(bare_database_url: str):
    engine = create_engine(bare_database_url, poolclass=NullPool)
    before = "INSERT INTO file_definition (sender, kind, definition, changed_at, changed_by)"
    schema.migrate(bare_database_url, "0010")
    with engine.begin() as connection:
        connection.execute(text(f"{before} VALUES ('all', 'village', '{{}}', '2026-01-01', 'county')"))
    schema.migrate(bare_database_url, "0011")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT area_id FROM file_definition")).all() == [(None,)]
        connection.execute(text(AREA))
        connection.execute(text(KEPT))
    schema.unmake(bare_database_url, "0010")
    with engine.begin() as connection:
        left = connection.execute(text("SELECT sender, changed_by FROM file_definition ORDER BY sender")).all()
    assert left == [("all", "county"), ("both", "Wang")]
