"""How the names of towns and states are written: one key for all spellings of a name."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from geo.states import STATES

# Abbreviations of USPS Publication 28 and of everyday use, whole words only.
_WORDS = {
    "&": "and",
    "bch": "beach",
    "ctr": "center",
    "cty": "city",
    "fls": "falls",
    "ft": "fort",
    "grv": "grove",
    "hls": "hills",
    "hts": "heights",
    "jct": "junction",
    "lk": "lake",
    "mt": "mount",
    "mtn": "mountain",
    "pk": "park",
    "pr": "prairie",
    "spg": "spring",
    "spgs": "springs",
    "st": "saint",
    "sta": "santa",
    "ste": "sainte",
    "twp": "township",
    "vlg": "village",
    "vly": "valley",
}
_FIRST_WORDS = {
    "e": "east",
    "n": "north",
    "no": "north",
    "s": "south",
    "so": "south",
    "w": "west",
}
_STOP_INSIDE = re.compile(r"(?<=\w\w)\.(?=\w)")  # "St.Louis", but not "D.C."
# What people call a town: the keys and states of those meant. Of several, the state says which.
NICKNAMES = {
    "nyc": (("newyork", "NY"),),
    "newyork": (("newyork", "NY"),),
    "newyorkcity": (("newyork", "NY"),),
    "la": (("losangeles", "CA"),),
    "sf": (("sanfrancisco", "CA"),),
    "slc": (("saltlakecity", "UT"),),
    "okc": (("oklahomacity", "OK"),),
    "kc": (("kansascity", "MO"), ("kansascity", "KS")),
    "philly": (("philadelphia", "PA"),),
    "vegas": (("lasvegas", "NV"),),
    "indy": (("indianapolis", "IN"),),
}
_SEPARATORS = re.compile(r"[^\w&]+|_+")
_COUNTRY = {"us", "usa", "unitedstates", "unitedstatesofamerica"}
_BEYOND = {
    *("ak", "hi", "pr", "vi", "gu", "as", "mp", "aa", "ae", "ap", "apo", "fpo", "dpo"),
    *("alaska", "hawaii", "puertorico", "virginislands", "guam", "americansamoa"),
}
_OLD_CODES = {
    "Ala": "AL", "Ariz": "AZ", "Ark": "AR", "Calif": "CA", "Colo": "CO", "Conn": "CT",
    "Del": "DE", "Fla": "FL", "Ill": "IL", "Ind": "IN", "Kans": "KS", "Mass": "MA",
    "Mich": "MI", "Minn": "MN", "Miss": "MS", "Mont": "MT", "Nebr": "NE", "Nev": "NV",
    "Okla": "OK", "Ore": "OR", "Oreg": "OR", "Penn": "PA", "Penna": "PA", "Tenn": "TN",
    "Tex": "TX", "Wash": "WA", "Wis": "WI", "Wisc": "WI", "Wyo": "WY",
}  # fmt: skip


def words(text: str) -> list[str]:
    """`text` as lower-case ASCII-folded words; apostrophes and full stops join, the rest parts."""
    folded = unicodedata.normalize("NFKD", text).lower()
    parted = _STOP_INSIDE.sub(" ", folded)
    joined = "".join(c for c in parted if c not in ".'’‘`" and not unicodedata.combining(c))
    return [word for word in _SEPARATORS.split(joined) if word]


def key(text: str) -> str:
    """The key that all spellings of one name share: "St. Louis" and "saint-louis" → "saintlouis".

    Words that are abbreviations are written out, and spaces dropped, so "De Kalb" is "DeKalb".
    """
    return key_of_words(words(text))


def key_of_words(parts: list[str]) -> str:
    """`key` of words that are already split."""
    if len(parts) > 1 and parts[0] in _FIRST_WORDS:
        parts = [_FIRST_WORDS[parts[0]], *parts[1:]]
    return "".join(_WORDS.get(part, part) for part in parts)


@cache
def _state_keys() -> dict[str, str]:
    keys = {code.lower(): code for code in STATES}
    keys |= {"".join(words(old)): code for old, code in _OLD_CODES.items()}
    return keys | {"".join(words(name)): code for code, name in STATES.items()}


def state_code(text: str) -> str | None:
    """The USPS code of a state written as code, name or old abbreviation; None for anything else."""
    return _state_keys().get("".join(words(text)))


def readings(text: str) -> Iterator[tuple[str, str]]:
    """Every way to read `text` as (key of a town, code of its state), the town never empty."""
    parts = words(text)
    cuts = range(max(0, len(parts) - 4), len(parts))
    parts = parts[: next((cut for cut in cuts if "".join(parts[cut:]) in _COUNTRY), None)]
    for cut in range(max(1, len(parts) - 4), len(parts)):
        code = _state_keys().get("".join(parts[cut:]))
        if code:
            yield key_of_words(parts[:cut]), code


def beyond(text: str) -> bool:
    """Whether `text` ends in a state, territory or military region that is not covered."""
    parts = words(text)
    return any("".join(parts[cut:]) in _BEYOND for cut in range(max(0, len(parts) - 4), len(parts)))


def prefixes(text: str) -> set[str]:
    """The beginnings of keys that unfinished `text` may stand for: its last word may go on."""
    parts = words(text)
    return {key_of_words(parts), key_of_words([*parts[:-1], ""]) + parts[-1]} if parts else set()
