"""Loops made into machine code by numba, once, at set-up; kept in `__pycache__` beside their source.

`python -m geo.raster.compiling` compiles them all, so that no request waits for it. Numba notices a change in the
file of a function, but not in the files of the functions it calls: code older than any file of this package is thrown
away first.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., object])

_HERE = Path(__file__).parent


def compiled(loop: Loop) -> Loop:
    """Compile a function when it is first called, without Python's lock and with the signs of zero as they are.

    Division by zero makes infinity, as in NumPy: to raise for it would cost a branch for each.
    """
    return cast(Loop, njit(cache=True, nogil=True, error_model="numpy")(loop))


def inlined(loop: Loop) -> Loop:
    """Compile a function into the ones that call it: where it would be called very often, with arrays, whose references
    numba counts.
    """
    return cast(Loop, njit(cache=True, nogil=True, inline="always", error_model="numpy")(loop))


def _kept() -> Iterator[Path]:
    for pattern in ("*.nbi", "*.nbc"):
        yield from (_HERE / "__pycache__").glob(pattern)


def forget_outdated() -> None:
    """Throw away machine code that is older than the newest source."""
    newest = max(source.stat().st_mtime for source in _HERE.glob("*.py"))
    kept = list(_kept())
    if any(code.stat().st_mtime < newest for code in kept):
        for code in kept:
            code.unlink(missing_ok=True)


def main() -> None:
    """Compile everything by doing everything once."""
    forget_outdated()
    import shapely

    from geo.raster.raster import Raster

    raster = Raster.draw([shapely.box(119.0, 33.0, 119.1, 33.1)], near_m=30.0)
    lon, lat = shapely.get_coordinates(shapely.points([[119.05, 33.05], [119.1001, 33.05]])).T.copy()
    raster.look_up(lon, lat)
    raster.look_up_all(lon, lat)
    raster.nearest_within(lon, lat, 30.0)
    raster.border_m(lon, lat, raster.look_up(lon, lat)[0])


if __name__ == "__main__":
    main()
