"""Whom the history names for a check: whoever drafts on the pages, not the account that the worker runs under."""

import os
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.redraw_models import RedrawEvent
from geo.redraws.words import RedrawStep
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import begun, faultless, number, redraw_of, settle, work
from webmap.jobs import WORKER
from webmap.permissions import Role


def test_a_check_that_a_page_has_ordered_is_told_as_the_authors(
    app: Flask, signed_in: Callable[..., Visitor], store: Session
):
    settle(app)
    address = begun(signed_in(Role.PLANNER, display_name="规划员甲"), faultless(), name="checked by the worker")
    work(app)
    for environment in ({WORKER: str(os.getpid())}, {}):
        done = app.test_cli_runner().invoke(args=["redraw", "check", str(number(address)), "--quiet"], env=environment)
        assert done.exit_code == 0, done.output
    told = select(RedrawEvent.by_name).where(
        RedrawEvent.redraw_id == number(address), RedrawEvent.step == RedrawStep.CHECKED
    )
    _first, ordered, typed = store.scalars(told.order_by(RedrawEvent.id)).all()
    assert ordered == redraw_of(store, address).author
    assert typed != ordered
