"""Write the demonstration county: `python -m shapefiles.generate OUT [--until DAY] [--truth] [--addresses N]`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from shapefiles import addresses, faults, layers, offices
from shapefiles.county import found_county
from shapefiles.handling import handle
from shapefiles.overlays import DOMAINS, found_specialised
from shapefiles.people import staff_county
from shapefiles.places import Places
from shapefiles.reports import Report, compose
from shapefiles.truth import write_truth

SEED = 20261031
UNTIL = date(2026, 10, 31)


@dataclass(frozen=True)
class AreaFile:
    """A file for `import areas`: its kind, which column is which, as for `--columns`, and of overlays the domain."""

    path: Path
    kind: str
    columns: dict[str, str]
    domain: str | None = None


@dataclass(frozen=True)
class ReportFile:
    """A file for `import reports`."""

    path: Path
    channel: str
    datum: str


@dataclass(frozen=True)
class AddressFile:
    """The standard address list, for `import addresses`."""

    path: Path
    datum: str


@dataclass(frozen=True)
class Files:
    """Everything that was written. Import `areas` in order, staff, duties, catalogue, addresses, then `reports`."""

    areas: tuple[AreaFile, ...]
    staff: Path
    duties: Path
    catalogue: Path
    reports: tuple[ReportFile, ...]
    truth: tuple[Path, ...] = ()
    """truth.csv and truth.json, when asked for; never to be imported."""
    addresses: AddressFile | None = None
    """The address list, when asked for."""


def generate(out: Path, *, seed: int = SEED, until: date = UNTIL, truth: bool = False,
             address_rows: int = 0) -> Files:  # fmt: skip
    """Write all files into the folder `out`, which is made if need be; the same arguments give the same bytes.

    `until` is the last day of the year of reports, whose 60 reports are still open; a datetime (naive, in
    Asia/Shanghai) says besides that nothing has happened after that moment of it. `address_rows` says
    how many rows the address list has, of some 117,000 at most; without any it is not written.
    """
    out.mkdir(parents=True, exist_ok=True)
    day = offices.day_of(until)
    county = found_county(seed)
    specialised = found_specialised(county, seed)
    roster = staff_county(county, specialised, day, seed)
    places = Places(county, specialised, seed)
    reports = _year_of_reports(places, until, seed)
    layers.write_county(out / "county.geojson", county)
    layers.write_townships(out / "townships.gpkg", county, day)
    layers.write_villages(out / "villages.gpkg", county, day)
    layers.write_grids(out / "grids.zip", county, day)
    for domain in DOMAINS:
        own = [grid for grid in specialised if grid.domain == domain]
        layers.write_specialised(out / f"{domain}.geojson", own)
    offices.write_staff(out / "staff.csv", roster)
    offices.write_duties(out / "duties.csv", roster)
    offices.write_catalogue(out / "catalogue.xlsx")
    sent = offices.write_reports(out, reports)
    written = write_truth(out, county, specialised, roster, reports, seed=seed, until=until) if truth else ()
    listed = AddressFile(out / "addresses.csv", addresses.DATUM) if address_rows else None
    if listed:
        book = addresses.found_addresses(county, specialised, places, seed)
        addresses.write_addresses(listed.path, book.shorter(address_rows), seed)
    report_files = tuple(ReportFile(path, channel.name, channel.datum) for channel, path in sent)
    return Files(_area_files(out), out / "staff.csv", out / "duties.csv", out / "catalogue.xlsx", report_files,
                 written, listed)  # fmt: skip


def _year_of_reports(places: Places, until: date, seed: int) -> list[Report]:
    reports = compose(places, until, faults.composed_counts(), seed)
    faults.repeat_problems(reports, places, until, seed)
    faults.spoil(reports, places, seed)
    faults.give_numbers(reports)
    handle(reports, places, until, seed)
    faults.resend(reports, seed)
    return faults.in_order(reports)


def _area_files(out: Path) -> tuple[AreaFile, ...]:
    def file(path: str, kind: str, /, **columns: str) -> AreaFile:
        return AreaFile(out / path, kind, columns)

    overlay = {"code": "网格编码", "name": "网格名称", "parent": "上级编码"}
    return (
        file("county.geojson", "county", code="县区编码", name="县区名称"),
        file("townships.gpkg", "township", code="镇街编码", name="镇街名称", parent="县区编码"),
        file("villages.gpkg", "village", code="村社区编码", name="村社区名称", parent="镇街编码"),
        file("grids.zip", "comprehensive", code="网格编码", name="网格名称", parent="村社区编码", households="户数"),
        *(AreaFile(out / f"{domain}.geojson", "specialised", overlay, domain) for domain in DOMAINS),
    )


def _until(text: str) -> date:
    moment = datetime.fromisoformat(text)
    return moment if "T" in text or " " in text else moment.date()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and list what was written."""
    parser = argparse.ArgumentParser(description="Write the demonstration county.")
    parser.add_argument("out", type=Path, help="the folder to write into")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--until", type=_until, default=UNTIL, help="last day of the reports, or its last moment")
    parser.add_argument("--truth", action="store_true", help="also write truth.csv and truth.json, for tests")
    parser.add_argument("--addresses", type=int, default=0, metavar="N", help="also write an address list of N rows")
    options = parser.parse_args(arguments)
    files = generate(options.out, seed=options.seed, until=options.until, truth=options.truth,
                     address_rows=options.addresses)  # fmt: skip
    lines = [f"{area.path.name}: {area.kind} {area.domain or ''}".rstrip() for area in files.areas]
    lines += [path.name for path in (files.staff, files.duties, files.catalogue, *files.truth)]
    lines += [f"{report.path.name}: {report.channel}, {report.datum}" for report in files.reports]
    if files.addresses is not None:
        lines.append(f"{files.addresses.path.name}: addresses, {files.addresses.datum}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
