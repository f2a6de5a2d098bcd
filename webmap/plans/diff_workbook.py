"""What a redraw changes as a workbook that goes round for signatures: to be read on paper, A4 across.

The first sheet sums up and is signed, the second lists every difference, further ones are given by the caller: open
cases, staff, reports, addresses.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geo.redraws.differences import Comparison, Difference, DifferenceKind, Totals, in_code_order
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
from webmap.words import WORDS

KIND_NAMES = WORDS[DifferenceKind]
FIELD_NAMES: dict[str, LazyString] = {
    "name": _l("Area name"),
    "parent": _l("Lies in"),
    "households": _l("Households"),
    "domain": _l("Domain"),
}


@dataclass(frozen=True)
class EffectTable:
    """One further sheet: what the redraw does to cases, staff, addresses … Rows are as long as the headings."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Value]]


def write_workbook(
    comparison: Comparison,
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
    off. What is unchanged is counted and not listed.
    """
    book = Workbook()
    names = SheetNames()
    page = book.active
    if not isinstance(page, Worksheet):
        raise TypeError("a new workbook has a first sheet")
    page.title = names.take(_("Summary"))
    _summary(page, comparison, title, [(_("Author"), author), (_("Date"), made_on), *facts])
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


def _lines(comparison: Comparison) -> Iterator[list[Value]]:
    for number, each in enumerate(comparison.changes, start=1):
        before, after = in_code_order(each.before), in_code_order(each.after)
        yield [
            number, KIND_NAMES[each.kind],
            "\n".join(grid.code for grid in before), "\n".join(grid.name for grid in before),
            "\n".join(grid.code for grid in after), "\n".join(grid.name for grid in after),
            each.households_before if before else None, each.households_after if after else None,
            _more(each.households_before, each.households_after),
            each.before_m2, each.after_m2, each.gained_m2, each.lost_m2,
            "\n".join(_remarks(each)),
        ]  # fmt: skip


def _more(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _remarks(each: Difference) -> Iterator[str]:
    """Say who keeps the code, which ground went where, what was exchanged with neighbours and what else changed."""
    if each.kind in (DifferenceKind.SPLIT, DifferenceKind.MERGED, DifferenceKind.REARRANGED) and each.codes_kept:
        yield _("The code %(codes)s goes on.", codes=_list(each.codes_kept))
    if each.kind is not DifferenceKind.ATTRIBUTES:
        for pair in each.shared:
            yield _(
                "%(before)s → %(after)s: %(of_before)s of the old one, %(of_after)s of the new one",
                before=pair.before, after=pair.after, of_before=_share(pair.of_before), of_after=_share(pair.of_after),
            )  # fmt: skip
    for trade in each.traded_with:
        if round(trade.gained_m2):
            yield _("%(size)s m² from %(code)s", size=f"{trade.gained_m2:,.0f}", code=trade.code)
        if round(trade.lost_m2):
            yield _("%(size)s m² to %(code)s", size=f"{trade.lost_m2:,.0f}", code=trade.code)
    if each.changed:
        yield _("Changed: %(fields)s", fields=_list(str(FIELD_NAMES[field]) for field in each.changed))


def _share(share: float) -> str:
    """Say a share so that what is not quite all never reads as all.

    >>> _share(1.0), _share(0.9997), _share(0.5), _share(0.0004)
    ('100 %', '99.9 %', '50.0 %', '0.1 %')
    """
    if share > 0.999999:
        return "100 %"
    return f"{min(max(share * 100, 0.1), 99.9):.1f} %"


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)


# --- the sheet that is signed -----------------------------------------------------------------------------------

_WIDTHS = (26, 20, 20, 20, 20, 20)


def _summary(page: Worksheet, comparison: Comparison, title: str, facts: Sequence[tuple[str, Value]]) -> None:
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
    ground = [_("All differences"), comparison.gained_m2, comparison.lost_m2]
    row = _block(page, row + 1, [_("Ground"), _("Gained, m²"), _("Lost, m²")], [ground])
    _signatures(page, row + 1)
    for_paper(page, title, one_page=True)


def _counted(comparison: Comparison) -> list[list[Value]]:
    return [[KIND_NAMES[kind], number] for kind, number in comparison.counts().items()]


def _totals(comparison: Comparison) -> list[list[Value]]:
    def line(name: str, totals: Totals) -> list[Value]:
        return [name, totals.areas, totals.area_m2, totals.households, totals.uncounted]

    return [line(_("Before"), comparison.before), line(_("After"), comparison.after)]


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
