"""The kinds of trailer that freight asks for, and the codes people type for them."""

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process


class Equipment(NamedTuple):
    """A kind of trailer: our code, its name, and the other spellings that mean it."""

    code: str
    name: str
    aliases: tuple[str, ...]


EQUIPMENT = {
    kind.code: kind
    for kind in (
        Equipment("van", "Van", ("V", "dry van", "53 van")),
        Equipment("reefer", "Reefer", ("R", "refrigerated")),
        Equipment("flatbed", "Flatbed", ("F", "FB", "flat")),
        Equipment("step_deck", "Step deck", ("SD", "drop deck")),
        Equipment("double_drop", "Double drop", ("DD",)),
        Equipment("lowboy", "Lowboy", ("LB", "low boy")),
        Equipment("removable_gooseneck", "Removable gooseneck", ("RG", "RGN")),
        Equipment("conestoga", "Conestoga", ("CN", "curtain side")),
        Equipment("hot_shot", "Hot shot", ("HS", "hotshot")),
        Equipment("box_truck", "Box truck", ("SB", "BT", "straight box", "straight truck")),
        Equipment("cargo_van", "Cargo van", ("CV", "sprinter")),
        Equipment("power_only", "Power only", ("PO",)),
        Equipment("container", "Container", ("C", "intermodal")),
        Equipment("tanker", "Tanker", ("T", "tank")),
        Equipment("hopper_bottom", "Hopper bottom", ("HB", "hopper")),
        Equipment("dump_trailer", "Dump trailer", ("DT", "end dump", "dump")),
        Equipment("auto_carrier", "Auto carrier", ("AC", "car hauler")),
    )
}


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


_CODES = {
    _key(spelling): kind.code
    for kind in EQUIPMENT.values()
    for spelling in (kind.code, kind.name, *kind.aliases)
}


@lru_cache(maxsize=1_000)
def equipment_code(text: str) -> str:
    """The code of what somebody typed: "V", "dry van" and "VAN" are all `van`.

    Raises ValueError, naming the nearest spellings, for anything else.
    """
    code = _CODES.get(_key(text[:40]))
    if code:
        return code
    near = process.extract(_key(text[:40]), _CODES.keys(), limit=3, score_cutoff=60)
    known = list(dict.fromkeys(_CODES[key] for key, _, _ in near)) or list(EQUIPMENT)
    raise ValueError(f"is no equipment known here; try {', '.join(known)}")
