"""What is true about a redraw, apart from any database: findings on the ground, mends, what differs from before.

Functions of plain values: outlines are WGS-84 shapely polygons, codes are text, sizes are square metres on the
ellipsoid. Nothing here may import `database`, SQLAlchemy or the web.
"""
