"""What happens at a place: reports, routing, workflow, history, indicators.

May import `staffing`, `geo` and `database`; the pure modules (workflow, routing, indicators)
import neither SQLAlchemy nor `database`.
"""
