"""The blueprint of the planner's pages, apart from their views so that each of these can import it."""

from flask import Blueprint

bp = Blueprint("plans", __name__, template_folder="templates")
