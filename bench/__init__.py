"""What the service costs in time, memory and bytes, measured beside the usual tools: `make bench`.

Nothing of the service imports this package. It asks the service through its doors: commands, HTTP, pages.
"""
