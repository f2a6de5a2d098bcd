"""What must stand in a server before the first migration: the roles, the database, its extensions.

Each step looks before it acts, so that a set-up that was cut off continues.
"""

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from database.errors import ExtensionMissing
from database.session import APP_ROLE

EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")


def prepare(server: URL, *, database: str, owner: str) -> None:
    """Give a private cluster its roles and its database; `server` is the superuser's way in."""
    with connect(server) as connection:
        _add_roles(connection, owner)
        if not _exists(connection, "SELECT FROM pg_database WHERE datname = %s", database):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
            )
    add_extensions(server.set(database=database))


def add_extensions(database: URL | str) -> None:
    """Add the extensions that the schema needs. Raises ExtensionMissing where this account may not."""
    with connect(database) as connection:
        for extension in EXTENSIONS:
            if _exists(connection, "SELECT FROM pg_extension WHERE extname = %s", extension):
                continue
            try:
                connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
            except psycopg.Error as error:
                raise ExtensionMissing(extension, str(error)) from error


def connect(database: URL | str) -> psycopg.Connection:
    """A connection without SQLAlchemy, each statement its own transaction."""
    url = make_url(database)
    parts = {"connect_timeout": 10, **url.translate_connect_args(username="user", database="dbname"), **url.query}
    return psycopg.connect(**parts, autocommit=True)


def _add_roles(connection: psycopg.Connection, owner: str) -> None:
    """The tables' owner may sign in and is no superuser; what requests become may not sign in at all."""
    for role, rights in ((owner, "LOGIN"), (APP_ROLE, "NOLOGIN")):
        if not _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", role):
            connection.execute(sql.SQL("CREATE ROLE {} " + rights).format(sql.Identifier(role)))
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(APP_ROLE), sql.Identifier(owner))
    )


def _exists(connection: psycopg.Connection, query: str, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None
