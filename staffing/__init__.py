"""Who answers for a place: units, staff, duties on grids with dates, deputies, certificates.

May import `geo` and `database`.
"""
