"""Files in, checked rows out, or the list of what is wrong with the file.

May import `incidents`, `staffing`, `geo` and `database`; knows nothing of HTTP.
"""
