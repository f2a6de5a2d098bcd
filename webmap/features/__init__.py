"""OGC API – Features under /api/v1/ogc: areas and incidents as layers that QGIS and GDAL connect to. It reads only.

Routes are declared as those of webmap.api are, which this may import; no page imports it.
"""
