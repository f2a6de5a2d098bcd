"""What each kind of trouble is called on the pages of checks and redraws, and what to do about it."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

_LOOK = _l("Look at the map: do the areas lie where they should?")
_NO_COUNT = (_l("Numbers of households that cannot be"), _l("They are left unknown."))

TITLES: dict[str, tuple[LazyString, LazyString]] = {
    "overlap": (
        _l("Grids that share ground"),
        _l("Correct the common border, or accept it: on shared ground the grid with the smallest code answers."),
    ),
    "outside-parent": (
        _l("Areas that stick out of the one above"),
        _l("Cut them at the border of their village or township, or correct that border first."),
    ),
    "geometry-invalid": (
        _l("Outlines that are broken"),
        _l("Mend them in the drawing program: look where the line crosses itself."),
    ),
    "geometry-null": (_l("Rows without an outline"), _l("Draw the outline, or leave the row out.")),
    "geometry-empty": (_l("Rows with an empty outline"), _l("Draw the outline, or leave the row out.")),
    "outline-unreadable": (_l("Outlines that cannot be read"), _l("Draw them anew; they have too few corners.")),
    "ring-not-closed": (_l("Outlines that were closed"), _l("Nothing needs doing: they ended beside their beginning.")),
    "code-missing": (_l("Rows without a code"), _l("Give every area a code of its own.")),
    "code-malformed": (
        _l("Codes that follow no rule"),
        _l("Correct them, or choose the code profile “free” if your office has codes of its own."),
    ),
    "code-repeated": (_l("Codes that occur twice"), _l("Give every area a code of its own.")),
    "code-taken": (
        _l("Areas that are in force already, and differ"),
        _l("An import only adds areas. To change one is a redraw."),
    ),
    "name-empty": (_l("Rows without a name"), _l("Give them a name, or accept: they are called by their code.")),
    "parent-unknown": (
        _l("Areas above that are not there"),
        _l("Load villages and townships first, or correct the code."),
    ),
    "parent-mismatch": (_l("Codes that contradict the area above"), _l("Correct the code or the area above.")),
    "domain-missing": (_l("Specialised grids without a domain"), _l("Choose the domain in the form, or add a column.")),
    "not-a-count": _NO_COUNT,
    "not-a-number": _NO_COUNT,
    "not-a-whole-number": _NO_COUNT,
    "ambiguous-number": _NO_COUNT,
    "missing-column": (_l("A column is missing"), _l("Say in the form which column it is.")),
    "ambiguous-column": (_l("Several columns could be meant"), _l("Say in the form which column it is.")),
    "unknown-column": (_l("A column that was named is not there"), _l("Compare with the headings of the file.")),
    "crs-assumed": (_l("The coordinate system was assumed"), _LOOK),
    "crs-guessed": (_l("The coordinate system was worked out"), _LOOK),
    "datum-imprecise": (_l("The datum is not exact"), _l("Ask for the file in CGCS2000.")),
    "prj-unreadable": (_l("The .prj cannot be read"), _LOOK),
    "digits-lost": (_l("Numbers that lost digits"), _l("Make the column text and enter the codes again.")),
    "domain-unwanted": (
        _l("A domain where there is none"),
        _l("Only specialised grids have a domain: leave it empty."),
    ),
    "cannot-accept": (_l("Trouble that cannot be accepted"), _l("Correct it in the file.")),
    "crs-unknown": (
        _l("The coordinate system is not known"),
        _l("Choose it in the form, or send the .prj with the file."),
    ),
    "crs-unusable": (_l("A coordinate system that cannot be used"), _l("Export the layer in CGCS2000 (EPSG:4490).")),
    "crs-implausible": (
        _l("The areas do not lie where they should"),
        _l("Another coordinate system is probably meant: choose it in the form."),
    ),
    "datum-conflict": (
        _l("Datum and coordinate system contradict each other"),
        _l("Leave the datum at WGS-84 unless the file is in degrees."),
    ),
    "unknown-encoding": (
        _l("An encoding that is not known"),
        _l("Choose UTF-8, GB18030 or Big5 in the form, or leave it at auto."),
    ),
    "text-undecodable": (
        _l("The text cannot be read"),
        _l("Choose the encoding in the form, or export the file in UTF-8."),
    ),
    "text-implausible": (
        _l("The text cannot be read"),
        _l("Choose the encoding in the form, or export the file in UTF-8."),
    ),
    "encoding-declared-wrongly": (
        _l("The file names a wrong encoding"),
        _l("Look at the first rows: if the names read well, nothing needs doing."),
    ),
    "encoding-doubtful": (
        _l("The encoding is doubtful"),
        _l("Look at the first rows: if the names read well, nothing needs doing."),
    ),
    "text-cut": (_l("Texts that are cut off"), _l("Make the column wider and export the file again.")),
    "geojson-not-utf8": (
        _l("GeoJSON that is not in UTF-8"),
        _l("It was read all the same; better export it in UTF-8."),
    ),
    "dbf-missing": (_l("The shapefile has no .dbf"), _l("Send the .dbf with it: it holds codes and names.")),
    "dbf-cut-off": (_l("The end of the .dbf is missing"), _l("Copy or export the file again.")),
    "parts-disagree": (
        _l("Outlines and attributes do not belong together"),
        _l("Send the .shp and the .dbf of one and the same export."),
    ),
    "column-not-read": (
        _l("Columns that were not read"),
        _l("They were left empty; make them text if they are needed."),
    ),
    "reader-warns": (
        _l("Remarks of the reading program"),
        _l("If the areas look right on the map, nothing needs doing."),
    ),
    "part-missing": (_l("A part of the shapefile is missing"), _l("Send all its files together, in one zip.")),
    "file-missing": (_l("The file did not arrive"), _l("Send it again.")),
    "file-empty": (_l("The file is empty"), _l("Export it again.")),
    "file-damaged": (_l("The file is damaged"), _l("Export it again and open it once yourself before sending it.")),
    "unknown-format": (_l("A format that is not read here"), _l("Export a shapefile, a GeoPackage or a GeoJSON.")),
    "unsupported-format": (_l("A format that is not read here"), _l("Export a shapefile, a GeoPackage or a GeoJSON.")),
    "archive-damaged": (_l("The archive cannot be unpacked"), _l("Pack the files again as an ordinary zip.")),
    "archive-encrypted": (_l("The archive is protected by a password"), _l("Pack the files again without one.")),
    "archive-several": (_l("The archive holds several layers"), _l("Send each layer by itself.")),
    "archive-too-large": (_l("The archive is too large"), _l("Send the layer alone, or one township at a time.")),
    "archive-unsafe": (
        _l("The archive holds names that are not allowed"),
        _l("Pack the files again, straight from their folder."),
    ),
    "archive-without": (_l("The archive holds no layer"), _l("It must hold a shapefile, a GeoPackage or a GeoJSON.")),
    "no-layer": (_l("The file holds no layer"), _l("Export the layer again, with its rows and outlines.")),
    "several-layers": (_l("The file holds several layers"), _l("Save the one that is meant in a file of its own.")),
    "layer-missing": (_l("A layer that was named is not there"), _l("Compare with the layers of the file.")),
    "not-polygons": (
        _l("No areas, but points or lines"),
        _l("Export the layer in which the areas are drawn as polygons."),
    ),
    "gap": (
        _l("Gaps between grids"),
        _l("Reports from there would belong to nobody: give the ground to the grid it belongs to."),
    ),
    "remainder": (
        _l("Ground at the border that no grid reaches"),
        _l("Draw the grids up to the border of their village, or give the ground to one of them."),
    ),
    "sliver": (_l("Slivers along common borders"), _l("Let one of the two follow the border of the other.")),
    "near-border": (_l("Borders that were drawn twice"), _l("Let one of the two follow the border of the other.")),
    "outside-scope": (
        _l("Areas that reach beyond what the redraw replaces"),
        _l("Cut them at the border, or redraw the neighbours as well."),
    ),
    "multi-part": (
        _l("Grids in several parts"),
        _l("Give the loose parts to a neighbour, or accept it where it is meant so: an island, say."),
    ),
    "hole": (_l("Grids around another one"), _l("If it is meant so, nothing needs doing.")),
    "repeated-vertices": (_l("Corners drawn twice"), _l("They do no harm; the mend removes them.")),
    "thin-grid": (_l("Grids that are hardly grids"), _l("Look whether they are left over from a cut.")),
    "households-unusual": (
        _l("Unusual numbers of households"),
        _l("Look whether the grid should be split or merged; where it is right, nothing needs doing."),
    ),
    "code-reused": (
        _l("Codes that were given before"),
        _l("No code is given twice, or history would be mixed up: take the next free one."),
    ),
    "scope-unknown": (
        _l("A scope that is not there"),
        _l("Name the townships or villages that the file replaces by their codes, and read it again."),
    ),
    "children-left": (_l("Areas that would be left without one above"), _l("Redraw the areas below it first.")),
    "crosses-grids": (
        _l("Specialised grids across several comprehensive ones"),
        _l("If it is meant so, nothing needs doing: each keeps its landlord."),
    ),
    "staff-without-grid": (_l("Workers left without a grid"), _l("Give them one of the new grids from that day on.")),
    "grid-without-staff": (_l("Grids without a worker"), _l("Name who answers for them from that day on.")),
    "code-not-in-net": (
        _l("Codes that the departmental grids do not have"),
        _l("Compare with the codes of their rows, and choose again."),
    ),
    "outside-jurisdiction": (
        _l("Grids outside your jurisdiction"),
        _l("Leave them out: whoever decides there loads them."),
    ),
    "no-outlines": (_l("Not one row has an outline"), _l("Export the layer again, with its outlines.")),
}
"""Code → what it is, and what to do; a test holds it complete."""
