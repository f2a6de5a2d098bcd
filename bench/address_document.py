"""What the document says about addresses: the aims first, then by class, then the baselines and the real data."""

import math

from bench.address_baselines import GOOD
from bench.address_limits import PLACED, Limits
from bench.address_real import PLACED_FROM, REPORTED_SEEDS, Shanghai, Taiwan
from bench.address_scores import Share
from bench.addresses import Figures, Measured
from bench.document import Moment, section, table
from geo.addresses.kriging import LANE_M

HALF = math.sqrt(2 * math.log(2))
"""Standard errors, each way, within which half of what scatters both ways lies (Rayleigh's median)."""


def addresses(measured: Measured, moment: Moment) -> str:
    """The whole section."""
    county = measured.county
    parts = [
        section(
            f"Where is it: {county.all.texts:,} texts of {county.addresses:,} addresses, {county.grids} grids",
            _about(county), ["aim", "wanted", "reached", ""], _aims(measured), moment,
        ),
        "Share of texts by what was done to them, of those that a person who knows every address could place:\n",
        table(["class", "texts", *_SHARES], _classes(county.by_disturbance)),
        "The same by how exact an answer can be, and then, of all texts, by how exact the answer says it is:\n",
        table(["best possible", "texts", *_SHARES], _classes(county.by_possible)),
        table(["answered", "texts", *_SHARES], _classes(county.by_accuracy)),
        "Is the confidence honest? Every text whose best candidate is a point, placed or not:\n",
        table(["confidence", "texts", "says", "right grid"], _tenths(county)),
        _baselines(county),
    ]  # fmt: skip
    if measured.taiwan:
        parts.append(_taiwan(measured.taiwan))
    if measured.shanghai:
        parts.append(_shanghai(measured.shanghai))
    if measured.limits:
        parts.append(_limits(measured.limits))
    return "\n".join(parts)


_SHARES = ("right grid", "wrong grid", "handed to a person", "right of placed")


def _about(county: Figures) -> str:
    return (
        "The demonstration county's standard address list, imported as an office sends it (GB18030, GCJ-02, a fifth of"
        " the pieces told by the name alone), without 600 house numbers whose neighbours stay. Texts are made from its"
        " rows by `bench/disturbances.py`, which shares no code with the matcher and was seeded anew after it was"
        " built: complaint round it, one class of"
        f" disturbance each, the last class two or three. {county.ambiguous.texts} of them not even a person who knows"
        " every address could place (a chain's shop without its township): these should be handed to a person, and"
        f" {county.ambiguous.handed} were; {county.ambiguous.right} of the others fell in the right grid by luck."
        " Placed automatically means what intake does: a point likely enough without a rival, or all candidates in one"
        " grid. At a crossing the grids of all its corners count as right; across the street only the one across.\n\n"
        f"Importing took {county.import_s:.0f} s, indexing {county.index_s:.1f} s."
    )


def _aims(measured: Measured) -> list[list[str]]:
    county = measured.county
    wrong, sure = county.sure
    rows = [
        _aim("(a) right grid among those placed automatically", 0.97, county.all.right / max(1, county.all.placed)),
        _aim("(a) placed automatically", 0.9, county.all.placed / county.all.texts),
        _aim("– of those a person could place", 0.9, county.knowable.placed / county.knowable.texts),
        _aim("(a) placed wrongly at confidence ≥ 0.9", 0.01, wrong / max(1, sure), at_most=True),
        _speed("median per text", 3.0, county.p50_ms, "ms", at_most=True),
        _speed("in bulk, one core's work", 1_000.0, county.per_second, "texts/s"),
    ]
    if taiwan := measured.taiwan:
        rows.append(_aim("(b) town, where the text names it", 0.99, taiwan.town))
    if shanghai := measured.shanghai:
        rows += [
            _aim("(c) placed", 0.8, shanghai.placed),
            _aim("(c) labelled township, of those placed", 0.93, shanghai.township),
            _speed("(c) median off", 110.0, shanghai.median_m, "m", at_most=True),
            _aim("(c) more than 1 km off at confidence ≥ 0.9", 0.03, shanghai.sure_far, at_most=True),
            _aim(
                "(c) what a tenth of confidence says and what is right, farthest apart",
                0.05,
                max(one.apart for one in shanghai.tenths),
                at_most=True,
            ),
        ]
    return rows


def _aim(what: str, wanted: float, reached: float, *, at_most: bool = False) -> list[str]:
    met = reached <= wanted if at_most else reached >= wanted
    return [what, f"{'≤' if at_most else '≥'} {wanted:.0%}", f"{reached:.1%}", _verdict(met)]


def _speed(what: str, wanted: float, reached: float, unit: str, *, at_most: bool = False) -> list[str]:
    met = reached <= wanted if at_most else reached >= wanted
    shown = f"{reached:,.0f}" if reached >= 10 else f"{reached:.2f}"
    return [what, f"{'≤' if at_most else '≥'} {wanted:,.0f} {unit}", f"{shown} {unit}", _verdict(met)]


def _verdict(met: bool) -> str:
    return "reached" if met else "**missed**"


def _classes(classes: dict[str, Share]) -> list[list[str]]:
    return [
        [name, str(one.texts), _of(one.right, one.texts), _of(one.wrong, one.texts), _of(one.handed, one.texts),
         _of(one.right, one.placed)]
        for name, one in classes.items()
    ]  # fmt: skip


def _of(some: int, all_of_them: int) -> str:
    return f"{some / all_of_them:.1%}" if all_of_them else "–"


def _tenths(county: Figures) -> list[list[str]]:
    return [
        [f"{one.low:.1f}–{one.low + 0.1:.1f}", str(one.points), f"{one.said:.1%}", f"{one.right:.1%}"]
        for one in county.tenths
    ]


def _baselines(county: Figures) -> str:
    ours = county.all
    rows = [["ours", str(ours.texts), _of(ours.right, ours.texts), _of(ours.placed, ours.texts),
             f"{county.p50_ms:.2f} ms", f"{county.per_second:,.0f} /s", "1"]]  # fmt: skip
    for name, one in county.baselines.items():
        rows.append([name, str(one.texts), f"{one.right:.1%}", f"{one.placed:.1%}", f"{one.p50_ms:.1f} ms",
                     f"{one.per_second:,.1f} /s", f"{one.p50_ms / county.p50_ms:,.0f}"])  # fmt: skip
    text = (
        "Two baselines are asked a seeded sample of the same texts, for they are slow, and know the same names and"
        " aliases: pg_trgm (`ORDER BY name <-> text`, GiST index of 128 bytes) and rapidfuzz"
        " (`process.extractOne`). They always give the most similar name; ours leaves what it does not know to a"
        f" person, which counts as not right here. What they could place is the most of which {GOOD:.0%} are right, had"
        " one known the answers when choosing how similar is enough.\n"
    )
    heads = ["", "texts", "right grid", "could be placed", "median", "texts a second", "median ÷ ours"]
    return f"{text}\n{table(heads, rows)}"


def _taiwan(found: Taiwan) -> str:
    rows = [
        ["town, where the text names it", str(found.naming_town), f"{found.town:.2%}"],
        ["village, where the register names one that exists", str(found.naming_village), f"{found.village:.1%}"],
    ]
    text = (
        f"(b) Real text: where {found.texts:,} accidents in Taiwan happened, asked of a list of its towns and villages"
        f" alone; {found.points} were given a point, {found.per_second:,.0f} texts/s.\n"
    )
    return f"{text}\n{table(['', 'texts', 'right'], rows)}"


def _shanghai(found: Shanghai) -> str:
    rows = [
        ["all", str(found.asked), f"{found.placed:.1%}", f"{found.township:.1%}", f"{found.median_m:.0f} m"],
        ["a road and a number", str(found.numbered), f"{found.numbered_placed:.1%}", f"{found.numbered_township:.1%}",
         f"{found.numbered_median_m:.0f} m"],
        *([f"all, placed from {one.sure_from} on", str(found.asked), f"{one.placed:.1%}", f"{one.township:.1%}",
           f"{one.median_m:.0f} m"] for one in found.otherwise),
    ]  # fmt: skip
    text = (
        f"(c) Real addresses: a fifth of Shanghai's, asked of a list made of the rest, {len(REPORTED_SEEDS)} splits"
        f" together. Placed is a point from confidence {PLACED_FROM} on, what the desk calls likely;"
        f" {found.far:.1%} of those are more than 1 km off, at confidence ≥ 0.9"
        f" {found.sure_far:.1%} of {found.sure:,}. The labels agree with each other to about 95 %."
        f" {found.per_second:,.0f} texts/s. In a list with gaps the confidence has few levels, no more than the"
        " addresses it was fitted on can tell apart; those are the same addresses in other splits.\n"
    )
    tenths = [[f"{one.low:.1f}–{one.low + 0.1:.1f}", str(one.count), f"{one.says:.1%}", f"{one.right:.1%}",
               f"{one.apart * 100:.1f}", f"{one.by_chance * 100:.1f}"]
              for one in found.tenths]  # fmt: skip
    heads = ["", "texts", "placed", "labelled township", "median off"]
    honest = table(["confidence", "texts", "says", "right", "points apart", "by chance up to"], tenths)
    return f"{text}\n{table(heads, rows)}\n{honest}"


def _limits(found: Limits) -> str:
    return (
        f"What limits (c): {found.on_road:.1%} of the texts have a number on a road that the list knows, and"
        f" {found.in_village:.1%} no number but a known village. Village names recur all over the city, and the"
        f" geocoder that made the labels chose among them: the township that most known addresses of a village bear is"
        f" the label of {found.village_town:.1%}. Where an address really is, the nearest known one bears its label in"
        f" {found.neighbours:.1%}, for a number on a known road in {found.road_town:.1%}. So of {PLACED:.0%} placed"
        f" from these two kinds of text no more than {found.best:.1%} can be in the labelled township, even if one knew"
        " which to leave out; what else the list may know, as a compound's name, is not counted. Villages are left to"
        " a person, as areas: the commonest place of a village is right, within 500 m and in the labelled township, in"
        " one of three. For the numbers the nearest one, straight interpolation, sides apart and a curve through all"
        " known ones that doubts the odd one and knows which side each lies on (kriging, which is used) were tried."
        " Seven numbers in ten are of lanes (弄), whose points lie anywhere in the compound: by the curve that fits"
        f" them best they scatter {LANE_M:.0f} m each way, so that half of them would be {LANE_M * HALF:.0f} m off even"
        " if the road were known exactly. It would take a second source for the villages and the roads' own geometry"
        " for the numbers.\n"
    )
