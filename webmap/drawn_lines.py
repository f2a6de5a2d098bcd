"""Lines as people write them: “lon lat, lon lat”, on a page, on the command line, or by clicking on the map."""

import re

from shapely.geometry import LineString

MOST_POINTS = 500

_NUMBER = re.compile(r"[+-]?\d{1,3}(\.\d{1,15})?")


class LineUnreadable(ValueError):
    """The line is not written as lon lat, lon lat, …, in degrees and with two points at least."""


def read_line(text: str) -> LineString:
    """Read “lon lat, lon lat, …” in WGS-84 degrees. Raises LineUnreadable.

    >>> read_line("119.1 33.2, 119.2 33.3").wkt
    'LINESTRING (119.1 33.2, 119.2 33.3)'
    """
    pairs = [pair.split() for pair in re.split(r"[,，;；\n]", text) if pair.strip()]
    if not 2 <= len(pairs) <= MOST_POINTS:
        raise LineUnreadable
    if not all(len(pair) == 2 and all(_NUMBER.fullmatch(number) for number in pair) for pair in pairs):
        raise LineUnreadable
    points = [(float(lon), float(lat)) for lon, lat in pairs]
    if not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in points):
        raise LineUnreadable
    return LineString(points)
