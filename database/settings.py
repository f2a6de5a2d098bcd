"""What an installation may choose, read from the environment and from an `.env` file beside the Makefile.

The environment wins over the file. A variable that is set to nothing counts as not set, in the file too.
"""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from database.errors import DataFolderUnusable, SecretKeyRequired, SecretKeyTooShort, SettingUnusable

ROOT = Path(__file__).resolve().parent.parent
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
SHORTEST_SECRET = 16


@dataclass(frozen=True)
class Settings:
    """The choices of one installation.

    `data` holds the private cluster, uploads, caches and the secret key: two values are two
    independent instances. Without `database_url` the private cluster is used. Without
    `basemap_url` the grids themselves are the map. Without `online_geocoder` no text leaves the house.
    """

    data: Path
    database_url: str | None = None
    secret_key: str | None = None
    basemap_url: str | None = None
    basemap_datum: str = "wgs84"
    online_geocoder: str | None = None
    timezone: str = "Asia/Shanghai"


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path = ROOT / ".env") -> Settings:
    """Read the settings anew; a relative `WANGGE_DATA` is taken from the project's folder, wherever one calls from."""
    chosen = _filled({**dotenv_values(env_file), **(os.environ if environ is None else environ)})
    return Settings(
        data=(ROOT / Path(chosen.get("WANGGE_DATA", "var")).expanduser()).resolve(),
        database_url=_with_driver(chosen.get("DATABASE_URL")),
        secret_key=_long_enough(chosen.get("SECRET_KEY")),
        basemap_url=chosen.get("BASEMAP_URL"),
        basemap_datum=_known_datum(chosen.get("BASEMAP_DATUM", "wgs84")),
        online_geocoder=chosen.get("ONLINE_GEOCODER"),
    )


def secret_key(settings: Settings, host: str) -> str:
    """The key that signs sessions and seals personal data.

    Where only this machine can call (a loopback `host`) a key is made once and kept, readable by
    its owner alone; elsewhere an administrator must have chosen one, and keeps it with the backups.
    """
    if settings.secret_key:
        return settings.secret_key
    if not is_loopback(host):
        raise SecretKeyRequired(host)
    return _kept_key(settings.data / "secret_key")


def make_data_folder(data: Path) -> None:
    """Make the data folder so that the database server's account can pass through it, and others cannot look around."""
    if data.is_dir():
        return
    try:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        data.chmod(0o711)  # whatever the umask
    except OSError as error:
        raise DataFolderUnusable(data, str(error.strerror)) from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server listening on `host`, a name or an address."""
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _kept_key(path: Path) -> str:
    """Read the key, making it first where it is missing; of two processes that make it at once, one wins for both."""
    if not path.exists():
        make_data_folder(path.parent)
        making = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
        making.touch(mode=0o600, exist_ok=False)
        try:
            with making.open("w") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                path.hardlink_to(making)
        finally:
            making.unlink()
    return path.read_text().strip()


def _filled(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value.strip() for name, value in variables.items() if value and value.strip()}


def _with_driver(url: str | None) -> str | None:
    """Name the driver where the usual short forms leave it open."""
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise SettingUnusable("DATABASE_URL", "must look like postgresql://user:password@host:5432/database")
    return f"postgresql+psycopg://{rest}"


def _known_datum(datum: str) -> str:
    if datum.lower() not in DATUMS:
        raise SettingUnusable("BASEMAP_DATUM", f"is {datum!r}; it must be one of {', '.join(DATUMS)}")
    return datum.lower()


def _long_enough(key: str | None) -> str | None:
    if key is not None and len(key) < SHORTEST_SECRET:
        raise SecretKeyTooShort(SHORTEST_SECRET)
    return key
