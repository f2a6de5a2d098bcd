"""Which of many outlines cover a point: a table of cells, drawn and asked by compiled loops.

Knows outlines by their position in an array and nothing of codes, kinds or the database. `raster.Raster` is the door;
numba is imported only where many points are asked for or a raster is drawn, never to look up one point.
"""
