"""The form by which anybody reports a problem, signed in or not, and the photos of incidents."""
