"""Where gunicorn and the `flask` command find the application."""

from webmap.app import create_app

app = create_app()
