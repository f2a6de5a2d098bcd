"""What is true about places: points, areas and their versions, and where a point falls.

True whether or not anyone has a browser. May import `database` only; the pure modules
(crs, codes, locate, coverage) import neither SQLAlchemy nor `database`.
"""
