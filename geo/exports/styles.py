"""How QGIS shows the layers of a GeoPackage: QML, the XML in which it keeps styles.

Only what matters is said (symbols, labels, Chinese headings); QGIS takes its own defaults for the rest. Lengths are in
millimetres, text in points, colours “red,green,blue,opacity”.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from geo.codes import AreaKind
from geo.exports.columns import columns_of


@dataclass(frozen=True)
class Look:
    """Line, fill (None: see through) and label of a kind; labels of grids appear from 1:`label_below` on."""

    line: str
    width_mm: float
    fill: str | None
    label: str
    size_pt: float
    label_below: int | None = None


_NAME_AND_CODE = '"name" || \'\\n\' || "code"'

LOOKS = {
    AreaKind.COUNTY: Look("60,60,60,255", 1.0, None, '"name"', 14),
    AreaKind.TOWNSHIP: Look("124,45,120,255", 0.8, None, '"name"', 12),
    AreaKind.VILLAGE: Look("178,94,0,255", 0.5, None, '"name"', 10, 150_000),
    AreaKind.COMPREHENSIVE: Look("31,93,153,255", 0.3, "31,93,153,38", _NAME_AND_CODE, 8, 40_000),
    AreaKind.SPECIALISED: Look("90,90,90,255", 0.3, "140,140,140,110", '"name"', 8, 25_000),
}

DOMAIN_FILLS = {
    "school": ("学校 school", "230,159,0,130"),
    "hospital": ("医院 hospital", "213,94,0,130"),
    "market": ("市场 market", "204,121,167,130"),
    "park": ("园区 park", "86,180,233,130"),
    "building-site": ("工地 building site", "240,228,66,130"),
    "scenic": ("景区 scenic area", "0,158,115,130"),
}
"""The known domains, in colours that stay apart for the colour-blind (Okabe and Ito's); others are grey."""


def style_of(kind: AreaKind, domains: Sequence[str] = ()) -> str:
    """Return the QML of a layer of this kind; specialised grids are coloured by domain, `domains` being those there."""
    look = LOOKS[kind]
    root = Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling|Fields", labelsEnabled="1")
    if kind is AreaKind.SPECIALISED:
        _categorised(root, look, domains)
    else:
        renderer = SubElement(root, "renderer-v2", type="singleSymbol", symbollevels="0", forceraster="0")
        _symbol(SubElement(renderer, "symbols"), "0", look, look.fill)
    _labels(root, look)
    aliases = SubElement(root, "aliases")
    for column in columns_of(kind):
        SubElement(aliases, "alias", field=column.name, name=column.heading)
    indent(root, " ")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")


def _categorised(root: Element, look: Look, domains: Sequence[str]) -> None:
    """A symbol for each domain, and one for whatever is added later: the category of the empty value."""
    renderer = SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr="domain", symbollevels="0", forceraster="0"
    )
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, domain in enumerate([*domains, ""]):
        label, fill = DOMAIN_FILLS.get(domain, (domain or "其他 other", look.fill))
        SubElement(categories, "category", symbol=str(number), value=domain, label=label, render="true", type="string")
        _symbol(symbols, str(number), look, fill)


def _symbol(symbols: Element, name: str, look: Look, fill: str | None) -> None:
    symbol = SubElement(symbols, "symbol", type="fill", name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    layer = SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"})
    said = {
        "color": fill or "0,0,0,0", "style": "solid" if fill else "no",
        "outline_color": look.line, "outline_style": "solid", "joinstyle": "round",
        "outline_width": str(look.width_mm), "outline_width_unit": "MM",
    }  # fmt: skip
    _options(layer, said)


def _options(layer: Element, said: Mapping[str, str]) -> None:
    """Say the properties as QGIS has since 3.20, and as it had before."""
    options = SubElement(layer, "Option", type="Map")
    for name, value in said.items():
        SubElement(options, "Option", type="QString", name=name, value=value)
    for name, value in said.items():
        SubElement(layer, "prop", k=name, v=value)


def _labels(root: Element, look: Look) -> None:
    """Labels inside the outline, level, in the colour of the line on a white edge."""
    settings = SubElement(SubElement(root, "labeling", type="simple"), "settings")
    style = SubElement(
        settings, "text-style", fieldName=look.label, isExpression="1", textColor=look.line, textOpacity="1",
        fontSize=str(look.size_pt), fontSizeUnit="Point", multilineHeight="1",
    )  # fmt: skip
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor="255,255,255,255",
        bufferOpacity="0.8",
    )  # fmt: skip
    SubElement(settings, "text-format", multilineAlign="1")
    SubElement(settings, "placement", placement=_LEVEL, centroidInside="1", centroidWhole="1", fitInPolygonOnly="0")
    below = str(look.label_below or 0)
    SubElement(
        settings, "rendering", scaleVisibility="1" if look.label_below else "0", scaleMin="0", scaleMax=below,
        drawLabels="1", obstacle="0", labelPerPart="0",
    )  # fmt: skip


_LEVEL = "4"
"""QGIS's number of the placement “horizontal”."""
