"""Where an address is: free Chinese text against the office's address list, with how sure that is.

Pure: no database, no web. Points are (lon, lat) in WGS-84.
"""
