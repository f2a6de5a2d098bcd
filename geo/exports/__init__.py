"""Areas out again: the areas of one moment as a shapefile, a GeoPackage or a GeoJSON.

What is written here is read back by an import without a word: a file exported and imported again changes nothing.
Everything is in WGS-84 (EPSG:4326), every coordinate as it is stored. May import `geo` and `database` only.
"""
