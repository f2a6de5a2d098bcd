"""The locator's part with fewer points or grounds, to look at while working: prints and writes nothing.

`python -m bench.locate_quickly --points 100000 county 10k`
"""

import argparse
import time

from bench import county, document, locate
from bench.document import Moment
from bench.ground import GROUNDS
from bench.measuring import load


def main() -> None:
    """Measure what was asked for and print the section."""
    parser = argparse.ArgumentParser(prog="python -m bench.locate_quickly")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("grounds", nargs="*", metavar="GROUND", help=f"of {', '.join(GROUNDS)}; else the county")
    asked = parser.parse_args()
    grounds = asked.grounds or ["county"]
    if unknown := set(grounds) - GROUNDS.keys():
        parser.error(f"there is no ground {', '.join(sorted(unknown))}")
    moment = Moment(time.time(), load())
    where = county.prepare()
    try:
        print(document.locator(locate.measure(where, count=asked.points, grounds=grounds), moment))
    finally:
        county.end(where)


if __name__ == "__main__":
    main()
