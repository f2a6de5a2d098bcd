"""Write a redraw of the demonstration county as planners send it: `python -m shapefiles.campaign OUT [--seed N]`.

Three grids in ten change, and the file has faults in it, committed on purpose. It is a zipped shapefile in metres of
EPSG:4549 whose text is GBK; nothing in it says either. campaign.json has what was changed and what is wrong.
"""

import argparse
import json
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from shapely import Polygon
from shapely.geometry import mapping

from shapefiles import layers
from shapefiles.county import County, Grid, found_county
from shapefiles.generate import SEED
from shapefiles.redrawn_faults import Fault, spoil
from shapefiles.redrawn_grids import Change, redraw

SENT = date(2026, 11, 20)


@dataclass(frozen=True)
class Campaign:
    """A redraw of the whole county. Row n of the file is `clean[n - 1]`, and with the faults `spoilt[n - 1]`."""

    county: County
    clean: tuple[Grid, ...]
    spoilt: tuple[Grid, ...]
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class CampaignFiles:
    """What was written: the file to import, which column of it is which as for `--columns`, and the truth about it."""

    grids: Path
    columns: dict[str, str]
    truth: Path


def found_campaign(county: County, seed: int) -> Campaign:
    """Return the redraw of this seed, always the same. Raises redrawn_faults.NoPlace where a fault finds no room."""
    clean, changes = redraw(county, seed)
    spoilt, faults = spoil(clean, changes, seed)
    return Campaign(county, clean, spoilt, changes, faults)


def write_campaign(out: Path, campaign: Campaign, *, faults: bool = True) -> CampaignFiles:
    """Write campaign.zip and campaign.json into the folder `out`, which is made if need be; without faults if told so.

    The same campaign gives the same bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    zipped, truth = out / "campaign.zip", out / "campaign.json"
    rows = campaign.spoilt if faults else campaign.clean
    _write_without_prj(zipped, replace(campaign.county, grids=rows))
    told = {
        "faults": [_fault(fault) for fault in campaign.faults] if faults else [],
        "changes": [
            {"kind": change.kind, "before": change.before, "after": change.after} for change in campaign.changes
        ],
    }
    truth.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    columns = {"code": "网格编码", "name": "网格名称", "parent": "村社区编码", "households": "户数"}
    return CampaignFiles(zipped, columns, truth)


def _write_without_prj(path: Path, county: County) -> None:
    """Write the grids as the county's own are written, and leave out what says how they are projected."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "grids.zip"
        layers.write_grids(whole, county, SENT)
        with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(path, "w") as archive:
            for name in parts.namelist():
                if not name.endswith(".prj"):
                    layers.add_to_zip(archive, name, parts.read(name))


def _fault(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON: its size and `geometry_m` in the plane of EPSG:4549, its `geometry` in WGS-84."""
    degrees = layers.in_degrees(np.array([fault.shape], dtype=object))[0]
    return {
        "kind": fault.kind,
        "form": fault.form,
        "codes": fault.codes,
        "rows": fault.rows,
        "size_m2": round(fault.size_m2, 3),
        "geometry": _geojson(degrees),
        "geometry_m": _geojson(fault.shape),
    }


def _geojson(shape: Polygon) -> dict[str, Any]:
    return dict(mapping(shape))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and list what was written."""
    parser = argparse.ArgumentParser(description="Write a redraw of the demonstration county.")
    parser.add_argument("out", type=Path, help="the folder to write into")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--clean", action="store_true", help="without the faults")
    options = parser.parse_args(arguments)
    campaign = found_campaign(found_county(options.seed), options.seed)
    files = write_campaign(options.out, campaign, faults=not options.clean)
    kinds = [change.kind for change in campaign.changes]
    lines = [f"{files.grids.name}: comprehensive, {len(campaign.clean)} rows"]
    lines += [f"{kind}: {kinds.count(kind)}" for kind in dict.fromkeys(kinds)]
    lines.append(f"{files.truth.name}: {len(campaign.faults) if not options.clean else 0} faults")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
