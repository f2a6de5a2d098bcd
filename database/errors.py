"""What can go wrong with settings and the database. Each message is a sentence for the user, and says what to do."""

from pathlib import Path


class DatabaseError(Exception):
    """The service cannot use its settings or its database."""


class SettingUnusable(DatabaseError):
    """A setting has a value that cannot work."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name} {why}.")


class SecretKeyRequired(DatabaseError):
    """The service would be reachable from other machines without a chosen SECRET_KEY."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"SECRET_KEY is not set, and {host} can be reached from other machines. Choose one, keep it with your "
            "backups, and put it into .env:\n  "
            "echo \"SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')\" >> .env"
        )


class SecretKeyTooShort(DatabaseError):
    """SECRET_KEY could be guessed."""

    def __init__(self, shortest: int) -> None:
        super().__init__(f"SECRET_KEY must have at least {shortest} characters.")


class DataFolderUnusable(DatabaseError):
    """The folder for this installation's data cannot be made."""

    def __init__(self, data: Path, why: str) -> None:
        super().__init__(f"The data folder {data} cannot be made: {why}. Choose another with WANGGE_DATA.")


class ClusterError(DatabaseError):
    """The private database cluster cannot be made, started or used."""


class BinariesMissing(ClusterError):
    """PostgreSQL or PostGIS is not installed, or too old, or not the release that made this cluster."""

    def __init__(self, release: int | None = None) -> None:
        self.release = release
        which = f"PostgreSQL {release}, which made this cluster," if release else "PostgreSQL 15 or newer"
        super().__init__(
            f"{which} with PostGIS was not found on this machine. Install it with\n  "
            f"sudo apt-get install postgresql-{release or 15}-postgis-3      (Debian 12; elsewhere: make setup)\n"
            "or set DATABASE_URL to a PostGIS database of your own."
        )


class NoServerAccount(ClusterError):
    """PostgreSQL refuses to run as root and there is no ordinary account to run it as."""

    def __init__(self, account: str) -> None:
        super().__init__(
            f"PostgreSQL does not run as root, and this machine has no account named {account!r} to run it as. "
            f"Make one with\n  useradd --system {account}\nor run this as an ordinary user."
        )


class ClusterOfAnother(ClusterError):
    """The cluster's files belong to another account of this machine."""

    def __init__(self, home: Path, owner: str) -> None:
        super().__init__(
            f"The database in {home} belongs to the account {owner!r}. Run this as {owner} or as root, "
            "or choose another folder with WANGGE_DATA."
        )


class SocketFolderTaken(ClusterError):
    """Somebody else holds the name of the folder for the database's socket."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} should hold the database's socket but is not a private folder of its account. "
            "Remove it, or choose a shorter WANGGE_DATA so that it is not needed."
        )


class ClusterNotMade(ClusterError):
    """initdb failed."""

    def __init__(self, home: Path, said: str) -> None:
        super().__init__(f"The database could not be made in {home}. initdb said:\n{said.strip()}")


class ClusterNotStarted(ClusterError):
    """The server did not come up."""

    def __init__(self, home: Path, said: str) -> None:
        super().__init__(f"The database in {home} did not start. Its log ends with:\n{said.strip()}")


class ClusterNotStopped(ClusterError):
    """The server did not go down."""

    def __init__(self, home: Path, said: str) -> None:
        super().__init__(f"The database in {home} did not stop. pg_ctl said:\n{said.strip()}")


class DatabaseUnreachable(DatabaseError):
    """Nobody answers where the database should be."""

    def __init__(self, where: str, said: str) -> None:
        super().__init__(
            f"The database {where} cannot be reached: {said.strip()}\nStart the private one with: .venv/bin/flask db up"
        )


class ExtensionMissing(DatabaseError):
    """The database lacks an extension and this account may not add it."""

    def __init__(self, extension: str, said: str) -> None:
        super().__init__(
            f"The database lacks the extension {extension} and it could not be added: {said.strip()}\n"
            f"Ask its administrator to run there: CREATE EXTENSION {extension};"
        )
