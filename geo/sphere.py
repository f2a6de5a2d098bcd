"""The ground as distances here see it: a plane around each point, on the mean sphere.

A degree of latitude is M_PER_DEG metres, a degree of longitude M_PER_DEG times the cosine of the latitude *of the
point* that is asked about. That is within 0.6 % of the ellipsoid anywhere (17 cm in 30 m), and simple enough for SQL
to compute the same: ST_Distance of both geometries after ST_TransScale(…, -lon, -lat, M_PER_DEG * cos(radians(lat)),
M_PER_DEG). Distances are compared in whole millimetres, so that ties do not hang on the last bit.
"""

import math

MEAN_RADIUS_M = 6_371_008.8
"""Of the WGS-84 ellipsoid: (2a + b) / 3."""

M_PER_DEG = MEAN_RADIUS_M * math.pi / 180.0
"""111 195.08 m."""
