"""What a redraw changes as a workbook that goes round for signatures: to be read on paper, A4 across.

The first sheet sums up and is signed, the second lists every difference, further ones are given by the caller: open
cases, staff, reports, addresses.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geo.redraws.differences import DifferenceKind
from webmap.plans.printed_sheets import (
    CHANGE,
    FRAME,
    GREY,
    LINE,
    THIN,
    WHOLE,
    Column,
    SheetNames,
    Value,
    as_heading,
    for_paper,
    lines_needed,
    put,
    write_table,
)
from webmap.words import WORDS, listed

KIND_NAMES = WORDS[DifferenceKind]
FIELD_NAMES: dict[str, LazyString] = {
    "name": _l("Area name"),
    "parent": _l("Lies in"),
    "households": _l("Households"),
    "domain": _l("Domain"),
}


Told = Mapping[str, Any]
"""A comparison or a difference as geo.redraws.differences tells it; of the differences as many as shall be listed."""

MOST_LINES = 3_000
"""More lines of a sheet nobody reads on paper, and one of a hundred thousand takes minutes and a gigabyte to write."""


@dataclass(frozen=True)
class EffectTable:
    """One further sheet: what the redraw does to cases, staff, addresses … Rows are as long as the headings.

    `left_out` counts those that are not listed.
    """

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Value]]
    left_out: int = 0


def write_workbook(
    comparison: Told,
    effects: Iterable[EffectTable] = (),
    *,
    title: str,
    author: str,
    made_on: date,
    facts: Sequence[tuple[str, Value]] = (),
) -> bytes:
    """Return an .xlsx of a comparison and of its effects, in the language of the reader.

    `title` is the redraw's name; `facts` are further lines under it, as (what, value): its scope, the day from which
    it holds, the file it came from. Moments must be local times: a workbook knows no time zones, and theirs is cut
    off. What is unchanged is counted and not listed. Where not everything is listed, the first sheet says so.
    """
    effects = list(effects)
    book = Workbook()
    names = SheetNames()
    page = book.active
    if not isinstance(page, Worksheet):
        raise TypeError("a new workbook has a first sheet")
    page.title = names.take(_("Summary"))
    _summary(
        page, comparison, title, [(_("Author"), author), (_("Date"), made_on), *facts, *_left_out(comparison, effects)]
    )
    write_table(book.create_sheet(names.take(_("Differences"))), _headings(), _lines(comparison), title)
    for effect in effects:
        sheet = book.create_sheet(names.take(str(effect.title)))
        write_table(sheet, [Column(str(heading)) for heading in effect.headings], effect.rows, title)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


# --- the lines of the differences -------------------------------------------------------------------------------


def _headings() -> list[Column]:
    return [
        Column(_("No.")), Column(_("Kind")),
        Column(_("Codes before")), Column(_("Names before"), widest=24),
        Column(_("Codes after")), Column(_("Names after"), widest=24),
        Column(_("Households before"), WHOLE), Column(_("Households after"), WHOLE),
        Column(_("Difference in households"), CHANGE),
        Column(_("Area before, m²"), WHOLE), Column(_("Area after, m²"), WHOLE),
        Column(_("Gained, m²"), WHOLE), Column(_("Lost, m²"), WHOLE),
        Column(_("Remarks"), widest=48),
    ]  # fmt: skip


def _lines(comparison: Told) -> Iterator[list[Value]]:
    for number, each in enumerate(comparison["differences"], start=1):
        before, after = each["households_before"], each["households_after"]
        before, after = before if each["codes_before"] else None, after if each["codes_after"] else None
        yield [
            number, KIND_NAMES[DifferenceKind(each["kind"])],
            "\n".join(each["codes_before"]), "\n".join(each["names_before"]),
            "\n".join(each["codes_after"]), "\n".join(each["names_after"]),
            before, after, _more(each["households_before"], each["households_after"]),
            each["before_m2"], each["after_m2"], each["gained_m2"], each["lost_m2"],
            "\n".join(_remarks(each)),
        ]  # fmt: skip


def _left_out(comparison: Told, effects: Iterable[EffectTable]) -> Iterator[tuple[str, Value]]:
    """Say which sheets do not list everything, and where all of it is to be had."""
    changes = sum(number for kind, number in comparison["counts"].items() if kind != DifferenceKind.UNCHANGED)
    sheets = [(_("Differences"), changes - len(comparison["differences"]))]
    sheets += [(effect.title, effect.left_out) for effect in effects]
    for title, count in sheets:
        if count > 0:
            yield (
                _("Not listed"),
                _("%(count)s lines of the sheet “%(sheet)s”. All of them are in the JSON that the page offers.",
                  count=f"{count:,}", sheet=title),
            )  # fmt: skip


def _more(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _remarks(each: Told) -> Iterator[str]:
    """Say who keeps the code, which ground went where, what was exchanged with neighbours and what else changed."""
    if each["kind"] in (DifferenceKind.SPLIT, DifferenceKind.MERGED, DifferenceKind.REARRANGED) and each["codes_kept"]:
        yield _("The code %(codes)s goes on.", codes=listed(each["codes_kept"]))
    if each["kind"] != DifferenceKind.ATTRIBUTES:
        for pair in each["shared"]:
            yield _(
                "%(before)s → %(after)s: %(of_before)s of the old one, %(of_after)s of the new one",
                before=pair["before"], after=pair["after"], of_before=_share(pair["of_before"]),
                of_after=_share(pair["of_after"]),
            )  # fmt: skip
    for trade in each["traded_with"]:
        if round(trade["gained_m2"]):
            yield _("%(size)s m² from %(code)s", size=f"{trade['gained_m2']:,.0f}", code=trade["code"])
        if round(trade["lost_m2"]):
            yield _("%(size)s m² to %(code)s", size=f"{trade['lost_m2']:,.0f}", code=trade["code"])
    if each["changed"]:
        yield _("Changed: %(fields)s", fields=listed(FIELD_NAMES[field] for field in each["changed"]))


def _share(share: float) -> str:
    """Say a share so that what is not quite all never reads as all.

    >>> _share(1.0), _share(0.9997), _share(0.5), _share(0.0004)
    ('100 %', '99.9 %', '50.0 %', '0.1 %')
    """
    if share > 0.999999:
        return "100 %"
    return f"{min(max(share * 100, 0.1), 99.9):.1f} %"


# --- the sheet that is signed -----------------------------------------------------------------------------------

_WIDTHS = (26, 20, 20, 20, 20, 20)


def _summary(page: Worksheet, comparison: Told, title: str, facts: Sequence[tuple[str, Value]]) -> None:
    for at, width in enumerate(_WIDTHS, start=1):
        page.column_dimensions[get_column_letter(at)].width = width
    put(page, 1, 1, title).font = Font(bold=True, size=16)
    page.row_dimensions[1].height = 26
    row = 2
    for what, value in facts:
        put(page, row, 1, what).font = GREY
        cell = put(page, row, 2, value)
        cell.alignment = Alignment(horizontal="left", vertical="top", wrap_text=True)
        page.merge_cells(start_row=row, end_row=row, start_column=2, end_column=len(_WIDTHS))
        if isinstance(value, str):
            page.row_dimensions[row].height = LINE * lines_needed(value, sum(_WIDTHS[1:]))
        row += 1
    row = _block(page, row + 1, [_("Difference"), _("How many")], _counted(comparison))
    headings = [_("Total"), _("Areas"), _("Area, m²"), _("Households"), _("Areas without a count")]
    row = _block(page, row + 1, headings, _totals(comparison))
    totals = comparison["totals"]
    ground = [_("All differences"), totals["gained_m2"], totals["lost_m2"]]
    row = _block(page, row + 1, [_("Ground"), _("Gained, m²"), _("Lost, m²")], [ground])
    _signatures(page, row + 1)
    for_paper(page, title, one_page=True)


def _counted(comparison: Told) -> list[list[Value]]:
    return [[KIND_NAMES[kind], comparison["counts"][kind]] for kind in DifferenceKind]


def _totals(comparison: Told) -> list[list[Value]]:
    def line(name: str, totals: Told) -> list[Value]:
        return [name, totals["areas"], totals["area_m2"], totals["households"], totals["uncounted"]]

    return [line(_("Before"), comparison["totals"]["before"]), line(_("After"), comparison["totals"]["after"])]


def _block(page: Worksheet, row: int, headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> int:
    """Write a small table of whole numbers; return the row below it."""
    for at, heading in enumerate(headings, start=1):
        as_heading(put(page, row, at, heading))
    below = row + 1
    for line in lines:
        for at, value in enumerate(line, start=1):
            cell = put(page, below, at, value)
            cell.border, cell.number_format = FRAME, WHOLE
        below += 1
    return below


def _signatures(page: Worksheet, row: int) -> None:
    """Leave room to sign: who drew it up, who checked it, who approves it, each with a date."""
    for at, who in enumerate((_("Prepared by"), _("Checked by"), _("Approved by"))):
        left = 1 + 2 * at
        for below, what in ((0, who), (1, _("Signature")), (2, _("Date"))):
            put(page, row + below, left, what).font = Font(bold=True) if not below else GREY
            page.cell(row + below, left + 1).border = Border(bottom=THIN) if below else Border()
            page.row_dimensions[row + below].height = 30 if below else 20
