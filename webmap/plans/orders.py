"""What a planner asks to have checked: a file and how it is to be read."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from geo.codes import AreaKind, ProfileError
from geo.codes import profile as find_profile
from geo.crs import DatumError, parse_datum
from importers.areas import ACCEPTABLE
from importers.columns import ColumnsOptionError, parse_columns_option
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL

ENDINGS = (".zip", ".gpkg", ".geojson", ".json")


@dataclass(frozen=True)
class Order:
    """The options of `flask import areas`, as somebody typed them and as they were found good."""

    file: str
    kind: str
    domain: str = ""
    valid_from: str = ""
    profile: str = "gb"
    encoding: str = "auto"
    crs: str = "auto"
    datum: str = "wgs84"
    columns: str = ""
    accept: tuple[str, ...] = ()
    account_id: int = 0
    begun_at: str = ""

    def options(self) -> dict[str, Any]:
        """The arguments of `import_areas`."""
        return {
            "kind": AreaKind(self.kind),
            "domain": self.domain or None,
            "valid_from": parse_time(self.valid_from, LOCAL),
            "columns": parse_columns_option(self.columns) or None,
            "encoding": self.encoding,
            "crs": self.crs,
            "datum": self.datum,
            "profile": self.profile,
            "accept": self.accept,
        }

    def command(self) -> str:
        """The command line that loads the file for good."""
        return f"{self.dry_command()} --commit"

    def dry_command(self) -> str:
        """The command line that checks the file as the page does."""
        options = {
            "--kind": self.kind, "--domain": self.domain, "--from": self.valid_from, "--columns": self.columns,
            "--codes": self.profile if self.profile != "gb" else "",
            "--encoding": self.encoding if self.encoding != "auto" else "",
            "--crs": self.crs if self.crs != "auto" else "", "--datum": self.datum if self.datum != "wgs84" else "",
            "--accept": ",".join(self.accept),
        }  # fmt: skip
        words = [word for option, value in options.items() if value for word in (option, value)]
        return shlex.join([".venv/bin/flask", "import", "areas", self.file, *words])

    def keep(self, folder: Path) -> None:
        """Write it into the folder of the check."""
        (folder / "order.json").write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def kept(cls, folder: Path) -> "Order":
        """Read it again. Raises OSError where there is none."""
        found = json.loads((folder / "order.json").read_text(encoding="utf-8"))
        return cls(**(found | {"accept": tuple(found["accept"])}))


def read_order(form: MultiDict[str, str], file_name: str, *, account_id: int, now: datetime) -> tuple[Order, list[str]]:
    """The order in a form, and every problem in it."""
    given = {name: form.get(name, "").strip()[:300] for name in
             ("kind", "domain", "valid_from", "profile", "encoding", "crs", "datum", "columns")}  # fmt: skip
    typed: dict[str, Any] = {name: value for name, value in given.items() if value}
    typed |= {"kind": given["kind"], "accept": tuple(form.getlist("accept"))}
    order = Order(safe_name(file_name), account_id=account_id, begun_at=now.isoformat(), **typed)
    return order, [*_file_problems(file_name), *_problems(order)]


def safe_name(name: str) -> str:
    """The name of an upload as far as it is harmless: letters, digits, and an ending that is known."""
    path = PurePosixPath(name.replace("\\", "/"))
    stem = re.sub(r"[^\w\-. ]", "_", path.stem).strip(" .")[:60] or "layer"
    return stem + path.suffix.lower()[:10]


def _file_problems(name: str) -> list[str]:
    if not name:
        return [_("Choose a file first.")]
    if not name.lower().endswith(ENDINGS):
        return [_("Send a .zip with the parts of a shapefile, a .gpkg or a .geojson.")]
    return []


def _problems(order: Order) -> list[str]:
    """What is wrong with the options, as sentences."""
    problems = []
    if order.kind not in set(AreaKind):
        problems.append(_("Choose what the areas are."))
    if order.domain and order.kind != AreaKind.SPECIALISED:
        problems.append(_("Only specialised grids have a domain."))
    if any(kind not in ACCEPTABLE for kind in order.accept):
        problems.append(_("That cannot be accepted."))
    day = _("“%(value)s” is no day. Write it as 2026-01-01.", value=order.valid_from)
    columns = _("The columns are not named in a way that can be read. Write code=WGBM,name=WGMC.")
    checks: Mapping[str, Callable[[], Any]] = {
        day: lambda: parse_time(order.valid_from, LOCAL),
        columns: lambda: parse_columns_option(order.columns),
        _("There is no code profile of that name."): lambda: find_profile(order.profile),
        _("That datum is not known here."): lambda: parse_datum(order.datum),
    }
    for sentence, check in checks.items():
        try:
            check()
        except (BadValue, ColumnsOptionError, ProfileError, DatumError):
            problems.append(sentence)
    return problems
