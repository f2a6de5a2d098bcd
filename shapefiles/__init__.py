"""The demonstration county: a generator of plainly fictional land, staff, matters and reports.

It writes the files that offices would send and nothing else, so that they enter through the same
importers as everyone's. It may use geo.crs and nothing else of the project; only the command line
may import it, and no database is ever touched here.
"""
