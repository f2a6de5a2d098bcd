"""One process that does one thing, so that its memory can be told: `python -m bench.locate_once ours|sjoin GROUND.npz`.

Both read the same ground, make what they need and place its points once.
"""

import sys
from pathlib import Path

from bench import ground


def main(who: str, path: str) -> None:
    """Place the points of a kept ground."""
    given = ground.read_back(Path(path))
    if who == "ours":
        from geo.raster.raster import Raster

        Raster.draw(given.outlines).look_up(given.lon, given.lat)
    else:
        from bench.peers import geopandas_sjoin

        geopandas_sjoin(given).ask()


if __name__ == "__main__":
    main(*sys.argv[1:])
