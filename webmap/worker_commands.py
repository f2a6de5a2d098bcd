"""`flask worker`: does the jobs that pages and commands have put down, until it is ended."""

import asyncio

import click
import procrastinate
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from webmap import jobs
from webmap.installation import installation


@click.command("worker")
@click.option("--until-done", is_flag=True, help="End as soon as nothing is left to do.")
@click.option("--while", "server", type=int, metavar="PROCESS", help="End when this process has ended.")
@with_appcontext
def commands(until_done: bool, server: int | None) -> None:
    """Do what waits to be done: files to read and to check, cases to give over at their moment.

    One worker beside the server is enough; make serve starts one. Should it be ended in the middle of something,
    the next one begins that again.

    Example: flask worker
    """
    try:
        cluster.check(installation().settings)
    except DatabaseError as error:
        raise click.ClickException(str(error)) from error
    if server is not None:
        jobs.end_with(server)
    asyncio.run(_work(until_done))


async def _work(until_done: bool) -> None:
    address = installation().engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=6)
    with jobs.app.replace_connector(connector) as app:
        async with app.open_async():
            await jobs.order_again(app)
            await app.run_worker_async(concurrency=2, wait=not until_done, delete_jobs="successful")
