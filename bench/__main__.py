"""`python -m bench`: measure everything; `python -m bench intake pages`: these parts. Writes docs/benchmarks.md.

What each part found is kept beside the county, so that parts can be measured anew one by one.
"""

import argparse
import json
import time
from collections.abc import Callable

from bench import (
    address_document,
    addresses,
    county,
    document,
    intake,
    locate,
    locate_file,
    pages,
    redraw_check,
    redraw_import,
)
from bench.county import County
from bench.document import Moment
from bench.measuring import load

POINTS = 1_000_000


def loading(where: County) -> str:
    """How long the county took to load, when it was loaded."""
    facts = json.loads(where.timing.read_text())
    return document.loading(facts["seconds"], Moment(facts["at"], facts["load"]))


def locating(where: County) -> str:
    """locate-file beside the join."""
    moment = Moment(time.time(), load())
    return document.locating(POINTS, *locate_file.measure(where, count=POINTS), moment)


def finding(where: County) -> str:
    """The locator beside its peers and its limits."""
    moment = Moment(time.time(), load())
    return document.locator(locate.measure(where, count=POINTS), moment)


def geocoding(where: County) -> str:
    """Texts placed by the address list, beside two baselines."""
    moment = Moment(time.time(), load())
    return address_document.addresses(addresses.measure(where), moment)


def taking_in(where: County) -> str:
    """Reports per second beside a door with nothing behind it."""
    moment = Moment(time.time(), load())
    return document.intake(intake.measure(where), moment)


def redrawing(where: County) -> str:
    """Checking a redraw beside one library call, and reading its file beside ogr2ogr."""
    moment = Moment(time.time(), load())
    checked = redraw_check.measure(where.data / "tessellations")
    return document.redraws(checked, redraw_import.measure(where), moment)


def first_screens(where: County) -> str:
    """Our pages beside plain Folium."""
    moment = Moment(time.time(), load())
    return document.pages(pages.measure(where), moment)


PARTS: dict[str, Callable[[County], str]] = {
    "loading": loading,
    "locate": locating,
    "locator": finding,
    "addresses": geocoding,
    "intake": taking_in,
    "redraws": redrawing,
    "pages": first_screens,
}


def main() -> None:
    """Prepare the county, measure what was asked for, write the document."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, and write docs/benchmarks.md.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them when left out")
    asked = parser.parse_args().parts or list(PARTS)
    if unknown := set(asked) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    where = county.prepare()
    kept = {name: where.data / f"{name}.md" for name in PARTS}
    try:
        for name in asked:
            print(f"Measuring {name} …", flush=True)
            kept[name].write_text(PARTS[name](where), encoding="utf-8")
            print(kept[name].read_text(encoding="utf-8"), flush=True)
    finally:
        county.end(where)
    document.write(path.read_text(encoding="utf-8") for path in kept.values() if path.exists())
    print(f"Written: {document.PATH}")


if __name__ == "__main__":
    main()
