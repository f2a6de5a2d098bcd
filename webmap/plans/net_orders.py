"""What a planner asks of nets: which files of which departments are laid over the grids, and what is loaded of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from geo.crs import DatumError, parse_datum
from geo.redraws.nets import TOLERANCE_M
from geo.sentences import say
from importers.columns import ColumnsOptionError, parse_columns_option
from importers.nets import NetReading
from importers.values import BadValue, parse_number
from webmap.plans.orders import ENDINGS, safe_name

MOST_NETS = 4
WIDEST_M = 1000.0


@dataclass(frozen=True)
class Net:
    """One department's file."""

    file: str
    domain: str


@dataclass(frozen=True)
class NetOrder:
    """Nets to be laid over the comprehensive grids, and how their files are read."""

    nets: tuple[Net, ...]
    tolerance: str = f"{TOLERANCE_M:g}"
    encoding: str = "auto"
    crs: str = "auto"
    datum: str = "wgs84"
    columns: str = ""
    account_id: int = 0
    begun_at: str = ""

    @property
    def tolerance_m(self) -> float:
        """Metres from a border that are the pen's width. Raises BadValue."""
        metres = parse_number(self.tolerance)
        if metres is None or not 0 <= metres <= WIDEST_M:
            raise BadValue("not-a-number", say("“{written}” is no tolerance in metres", written=self.tolerance))
        return metres

    def reading(self) -> NetReading:
        """How the files are read."""
        return NetReading(parse_columns_option(self.columns) or None, self.encoding, self.crs, self.datum)

    def keep(self, folder: Path) -> None:
        """Write it into its folder."""
        (folder / "order.json").write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def kept(cls, folder: Path) -> "NetOrder":
        """Read it again. Raises OSError where there is none."""
        found = json.loads((folder / "order.json").read_text(encoding="utf-8"))
        return cls(**(found | {"nets": tuple(Net(**net) for net in found["nets"])}))


@dataclass(frozen=True)
class Accepted:
    """Grids that somebody wants as specialised ones: for each net the codes, in the order of the nets.

    `attempt` tells one time of asking from the next.
    """

    codes: tuple[tuple[str, ...], ...]
    valid_from: str
    accept: tuple[str, ...]
    account_id: int
    address: str
    asked_at: str
    attempt: str

    @property
    def loaded_mark(self) -> str:
        """The file that is there once it was done."""
        return f"loaded-{self.attempt}"

    @property
    def failed_mark(self) -> str:
        """The file that is there where it ended without a result."""
        return f"load-failed-{self.attempt}"

    def keep(self, folder: Path) -> None:
        """Write it into the folder of its nets."""
        (folder / "accepted.json").write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def kept(cls, folder: Path) -> "Accepted":
        """Read it again. Raises OSError where there is none."""
        found = json.loads((folder / "accepted.json").read_text(encoding="utf-8"))
        return cls(**(found | {"codes": tuple(map(tuple, found["codes"])), "accept": tuple(found["accept"])}))


def read_net_order(
    form: MultiDict[str, str], file_names: Sequence[str], *, account_id: int, now: datetime
) -> tuple[NetOrder, list[str]]:
    """The order in a form, and every problem in it. Files and domains belong together by their places."""
    domains = [domain.strip()[:60] for domain in form.getlist("domain")]
    given = {name: form.get(name, "").strip()[:300] for name in ("tolerance", "encoding", "crs", "datum", "columns")}
    pairs = list(zip(file_names, [*domains, *[""] * len(file_names)], strict=False))
    nets = tuple(Net(safe_name(name), domain) for name, domain in pairs if name)[:MOST_NETS]
    typed: dict[str, Any] = {name: value for name, value in given.items() if value}
    order = NetOrder(nets, account_id=account_id, begun_at=now.isoformat(), **typed)
    problems = [*_file_problems([name for name, _domain in pairs if name]), *_net_problems(order)]
    return order, [*problems, *_option_problems(order)]


def _file_problems(names: Sequence[str]) -> list[str]:
    if not names:
        return [_("Choose a file first.")]
    if not all(name.lower().endswith(ENDINGS) for name in names):
        return [_("Send a .zip with the parts of a shapefile, a .gpkg or a .geojson.")]
    return []


def _net_problems(order: NetOrder) -> list[str]:
    return [_("Say what the net in “%(file)s” is for.", file=net.file) for net in order.nets if not net.domain]


def _option_problems(order: NetOrder) -> list[str]:
    tolerance = _("The tolerance must be between 0 and %(most)s m.", most=f"{WIDEST_M:g}")
    columns = _("The columns are not named in a way that can be read. Write code=WGBM,name=WGMC.")
    checks: Mapping[str, Callable[[], Any]] = {
        tolerance: lambda: order.tolerance_m,
        columns: lambda: parse_columns_option(order.columns),
        _("That datum is not known here."): lambda: parse_datum(order.datum),
    }
    problems = []
    for sentence, check in checks.items():
        try:
            check()
        except (BadValue, ColumnsOptionError, DatumError):
            problems.append(sentence)
    return problems
