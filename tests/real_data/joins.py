"""What GeoPandas says of the same points and polygons, and where it says something else than we do."""

from dataclasses import dataclass

import geopandas
import numpy as np
import pandas
import shapely


@dataclass(frozen=True)
class Joined:
    """For each point, in order: the sorted codes of the polygons it is in or on, and whether it is on a border."""

    codes: list[list[str]]
    on_border: list[bool]

    def differences(self, grids: pandas.Series, placements: pandas.Series) -> list[tuple[int, str, list[str]]]:
        """The points off any border for which our grid is not the join's, the smallest code where there are several.

        A point that the join puts nowhere is nowhere for us too, or it was taken to a grid close by and flagged.
        """
        different = []
        answers = zip(grids, placements, self.codes, self.on_border, strict=True)
        for at, (ours, placement, codes, on_border) in enumerate(answers):
            alike = (placement == "located") == bool(codes) and (not codes or ours == codes[0])
            if not alike and not on_border:
                different.append((at, ours, codes))
        return different


def plain_join(points: geopandas.GeoSeries, polygons: geopandas.GeoDataFrame, code: str) -> Joined:
    """`geopandas.sjoin` of points with polygons, both in WGS-84. An empty point is in none."""
    frame = geopandas.GeoDataFrame(geometry=points.reset_index(drop=True))
    pairs = geopandas.sjoin(frame, polygons[[code, "geometry"]], predicate="intersects")
    within = geopandas.sjoin(frame, polygons[[code, "geometry"]], predicate="within")
    codes: list[list[str]] = [[] for _ in range(len(frame))]
    for at, found in zip(pairs.index, pairs[code], strict=True):
        codes[at].append(str(found))
    inside = np.bincount(within.index, minlength=len(frame))
    return Joined([sorted(found) for found in codes], [len(c) != n for c, n in zip(codes, inside, strict=True)])


def points_of(placed: pandas.DataFrame, crs: str = "EPSG:4326") -> geopandas.GeoSeries:
    """The points of reports as they came; empty where a report has none."""
    xy = placed[["raw_x", "raw_y"]].astype(float).to_numpy()
    at = shapely.points(np.nan_to_num(xy))
    return geopandas.GeoSeries(np.where(np.isnan(xy).any(axis=1), shapely.Point(), at), crs=crs).to_crs("EPSG:4326")
