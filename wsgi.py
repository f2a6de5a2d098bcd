"""Where gunicorn and the `flask` command find the application."""

import sys

from database.errors import DatabaseError
from webmap.app import create_app

try:
    app = create_app()
except DatabaseError as error:  # a setting that cannot work: a sentence, not a traceback
    sys.exit(str(error))
