"""Says why a place was chosen, in sentences that can be translated."""

from collections.abc import Mapping

from geo.addresses.claims import Claim
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.reading import Mention
from geo.sentences import Sentence, say

OF_TERMS: Mapping[str, Sentence] = {
    "unclean": say("what stands before the road's name was not understood: it may be part of another name"),
    "township_agrees": say("it lies in the township that the text names"),
    "township_differs": say("it does not lie in the township that the text names"),
    "village_agrees": say("it lies in the village that the text names"),
    "village_differs": say("it does not lie in the village that the text names"),
    "other_agrees": say("another place that the text names lies here too"),
    "other_differs": say("another place that the text names lies far from here"),
}
"""What agrees or contradicts, by the term that weighs it."""
RIVALLED = say("the text may mean other places too")


def reasons(claim: Claim, gazetteer: Gazetteer, text: str) -> tuple[Sentence, ...]:
    """Return how the place was found, what in the text was read otherwise, and what agrees or contradicts."""
    found = [_found(claim, gazetteer)]
    found += [said for mention in claim.used if (said := _read(mention, gazetteer, text))]
    found += [sentence for term, sentence in OF_TERMS.items() if claim.terms.get(term)]
    if claim.share < 0.9:
        found.append(RIVALLED)
    return tuple(found)


def _found(claim: Claim, gazetteer: Gazetteer) -> Sentence:
    spot, name = claim.spot, gazetteer.names.name(claim.mention.name)
    match spot.how:
        case "building":
            return say("{name}: the building is in the list", name=name)
        case "door":
            return say("{name}: the number is in the list", name=name)
        case "other":
            return say("{name}: the same number is in the list, as a lane or a door", name=name)
        case "inner":
            return say("{name}: the list knows the number, not what follows it", name=name)
        case "whole":
            return say("{name} is in the list", name=name)
    return _estimated(claim, gazetteer, name, round(spot.gap_m))


def _estimated(claim: Claim, gazetteer: Gazetteer, name: str, metres: int) -> Sentence:
    match claim.spot.how:
        case "part":
            return say("{name} is known from what lies in it, over {metres} m", name=name, metres=metres)
        case "sibling":
            return say("{name} is in the list, a quarter of the same name and another number", name=name)
        case "between":
            return say("{name}: the number lies between known ones, off by some {metres} m", name=name, metres=metres)
        case "beyond":
            return say(
                "{name}: the number lies beyond the last known one, off by some {metres} m", name=name, metres=metres
            )
        case "crossing":
            other = gazetteer.names.name(claim.used[1].name)
            return say("{name} and {other} cross here, within {metres} m", name=name, other=other, metres=metres)
    return say("{name} is named, but no number that would say where on it", name=name)


def _read(mention: Mention, gazetteer: Gazetteer, text: str) -> Sentence | None:
    written, name = text[mention.start : mention.end], gazetteer.names.name(mention.name)
    if mention.how == "homophone":
        return say("“{written}” sounds like {name}", written=written, name=name)
    if mention.how == "typo":
        return say("“{written}” differs from {name} by one character", written=written, name=name)
    if not mention.ordered:
        return say("the number stands before the name")
    return None
