"""`python -m database up`: the commands of `flask db` without loading the application, as set-up calls them."""

from database.commands import commands

commands(prog_name="python -m database")
