"""Towns and ZIP codes of the 48 contiguous states and DC, offline: "Dallas, TX" or 75201 → a place.

Nothing is guessed: a name that is unknown or could mean several places is refused, with the places
that may have been meant. geo/data/README.md says where the names come from and how a name that
occurs twice in one state is settled.
"""

import gzip
import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from heapq import nsmallest
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rapidfuzz import fuzz, process
from scipy.spatial import cKDTree
from tzfpy import get_tz

from geo.names import NICKNAMES, beyond, key, prefixes, readings, state_code, words
from geo.points import Point, metres
from geo.states import STATES

NEAREST_MILES = 60.0
MAX_TEXT = 100
MAX_CANDIDATES = 10
_EARTH_RADIUS = 6_371_008.8
_REACH = 2 * math.sin(metres(NEAREST_MILES) / _EARTH_RADIUS / 2)  # of unit vectors
_ZIP = re.compile(r"(?s)(?P<rest>.*?)[\s,]*\b(?P<zip>[0-9]{5})(-?[0-9]{4})?")
_COVERED = "only the 48 contiguous states and DC are known by name: give coordinates instead"


class Place(NamedTuple):
    """A town, or where a ZIP code is; `population` is 0 where it is unknown."""

    name: str
    state: str
    point: Point
    zone: str
    population: int = 0
    zip: str = ""

    @property
    def label(self) -> str:
        """As `find` takes it: "Dallas, TX", of a ZIP code "Dallas, TX 75201"."""
        return f"{self.name}, {self.state} {self.zip}".rstrip()


class UnknownPlace(ValueError):
    """No such place; `suggestions` are labels of places that may be meant, the best first."""

    def __init__(self, text: str, suggestions: list[str], why: str = "no such town or ZIP code"):
        hint = f"; did you mean {_either(suggestions)}?" if suggestions else ""
        super().__init__(f"{_shown(text)}: {why}{hint}")
        self.text = text
        self.suggestions = suggestions


class AmbiguousPlace(ValueError):
    """Several places have this name; `candidates` are their labels, the largest first."""

    def __init__(self, text: str, candidates: list[str]):
        super().__init__(f"{_shown(text)} may be {_either(candidates)}: say which")
        self.text = text
        self.candidates = candidates


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= MAX_TEXT else f'"{text[:40]}…"'


def _either(labels: Sequence[str]) -> str:
    return " or ".join(filter(None, ["; ".join(labels[:-1]), labels[-1]]))


class _Directory:
    """All towns by falling population, their keys in order, and the ZIP codes."""

    def __init__(self) -> None:
        self.towns = [_town(*row) for row in _rows("towns.tsv.gz")]
        self.by_key: dict[str, list[Place]] = defaultdict(list)
        keyed = sorted((key(town.name), rank) for rank, town in enumerate(self.towns))
        for name, rank in keyed:
            self.by_key[name].append(self.towns[rank])
        self.keys = [name for name, _ in keyed]
        self.ranks = [rank for _, rank in keyed]
        self.zips = {row[0]: row for row in _rows("zips.tsv.gz")}
        self.zip_codes = sorted(self.zips)

    def named(self, name: str, state: str) -> list[Place]:
        """The towns of this key in this state."""
        found = [town for town in self.by_key.get(name, ()) if town.state == state]
        return found or [town for town in self.nicknamed(name) if town.state == state]

    def nicknamed(self, name: str) -> list[Place]:
        """The towns that go by this nickname."""
        labels = NICKNAMES.get(name, ())
        return [t for town, state in labels for t in self.by_key[town] if t.state == state]

    def zip(self, code: str) -> Place:
        _, name, state, lon, lat, zone = self.zips[code]
        return Place(name, state, Point(float(lon), float(lat)), zone, 0, code)

    def zips_from(self, digits: str, limit: int) -> list[Place]:
        """The first ZIP codes that begin with these digits."""
        start = bisect_left(self.zip_codes, digits)
        codes = self.zip_codes[start : start + limit]
        return [self.zip(code) for code in codes if code.startswith(digits)]


def _rows(file: str) -> Iterable[list[str]]:
    text = gzip.decompress((files("geo") / "data" / file).read_bytes()).decode()
    return (line.split("\t") for line in text.splitlines())


def _town(name: str, state: str, lon: str, lat: str, zone: str, people: str, zip: str) -> Place:
    return Place(name, state, Point(float(lon), float(lat)), zone, int(people), zip)


@cache
def _directory() -> _Directory:
    return _Directory()


def find(text: str) -> Place:
    """The town or ZIP code that `text` names, in any usual spelling.

    Takes "Dallas, TX", "dallas tx", "Dallas, Texas, USA", "Ft Worth TX", "75201", "75201-1234",
    "Dallas, TX 75201". A name without its state is taken only where one town alone has it, or as
    a nickname ("NYC"). Raises UnknownPlace or AmbiguousPlace; both are ValueErrors whose message
    is fit to be shown.
    """
    if len(text) > MAX_TEXT:
        raise UnknownPlace(text, [], f"a place has at most {MAX_TEXT} characters")
    if not words(text):
        raise UnknownPlace(text, [], "a town with its state or a ZIP code is needed")
    zipped = _ZIP.fullmatch(text.strip())
    if zipped:
        return _find_with_zip(text, zipped["rest"], zipped["zip"])
    found = _found(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousPlace(text, _labels(found))
    raise _unknown(text)


def find_zip(zip: str) -> Place:
    """The place of a ZIP code, "75201" or "75201-1234": its post town and its own point.

    Raises UnknownPlace for anything else, for military mail and for what lies beyond the 48 states.
    """
    code = re.fullmatch(r"([0-9]{5})(-?[0-9]{4})?", zip.strip())
    if not code:
        raise UnknownPlace(zip, [], "a ZIP code has five digits, or nine")
    directory = _directory()
    if code[1] in directory.zips:
        return directory.zip(code[1])
    raise UnknownPlace(zip, _labels(directory.zips_from(code[1][:4], 5)), _why_no_zip(code[1]))


def _why_no_zip(code: str) -> str:
    if code.startswith(("09", "340", "962", "963", "964", "965", "966")):
        return "military mail (APO, FPO, DPO) has no place on the map: give coordinates instead"
    if code.startswith(
        ("006", "007", "008", "009", "967", "968", "969", "995", "996", "997", "998", "999")
    ):
        return _COVERED
    return "no such ZIP code"


def _find_with_zip(text: str, rest: str, code: str) -> Place:
    """A ZIP code behind a town: the state must be the ZIP's, a known town no more than 60 miles off."""
    place = find_zip(code)
    if not words(rest):
        return place
    meant = [town for town in _found(rest) if town.state == place.state]
    states = {state_code(rest)} | {state for _, state in readings(rest)}
    here = any(_is_near(town.point, place.point) for town in meant)
    if not here and (meant or place.state not in states):
        raise UnknownPlace(text, _labels([place, *meant]), f"ZIP code {code} is not there")
    return next((town for town in meant if town.zip == code), place)


def _is_near(a: Point, b: Point) -> bool:
    ends = _unit_vectors([a.lon, b.lon], [a.lat, b.lat])
    return float(np.linalg.norm(ends[0] - ends[1])) <= _REACH


def _found(text: str) -> list[Place]:
    """Every place that `text` may mean, by falling population."""
    directory, name = _directory(), key(text)
    places = [place for town, state in readings(text) for place in directory.named(town, state)]
    if "," not in text.strip(", "):
        places += _bare(name, state_code(text))
    return sorted(dict.fromkeys(places), key=lambda place: -place.population)


def _bare(name: str, state: str | None) -> list[Place]:
    """Towns of a name that comes without a state; the name of a state is none, but New York."""
    directory = _directory()
    if state is None or name == "newyork":
        return directory.nicknamed(name) or directory.by_key.get(name, [])
    return []


def _labels(places: Iterable[Place]) -> list[str]:
    return list(dict.fromkeys(place.label for place in places))[:MAX_CANDIDATES]


def _unknown(text: str) -> UnknownPlace:
    state = state_code(text)
    if state:
        largest = (town for town in _directory().towns if town.state == state)
        likely = [*_directory().nicknamed(key(text)), *nsmallest(3, largest, key=_by_size)]
        return UnknownPlace(text, _labels(likely), f"{STATES[state]} is a state, not a town")
    if beyond(text):
        return UnknownPlace(text, [], _COVERED)
    if re.fullmatch(r"[0-9]{3,4}", text.strip()):
        likely = _directory().zips_from(text.strip().zfill(5), 1)
        return UnknownPlace(text, _labels(likely), "a ZIP code has five digits")
    return UnknownPlace(text, _labels(_alike(text)))


def _by_size(place: Place) -> tuple[int, str]:
    return (-place.population, place.name)


def _alike(text: str) -> list[Place]:
    """Places whose names look like `text`, the likeliest first: in its state, then elsewhere."""
    directory, read = _directory(), list(readings(text))
    scored: dict[Place, float] = {}
    for name, state in read or [(key(text.split(",")[0]), "")]:
        for match, score, _ in process.extract(
            name, directory.by_key.keys(), scorer=fuzz.ratio, score_cutoff=70, limit=200
        ):
            for place in directory.by_key[match]:
                home = 0 if place.state == state or not state else -25
                scored[place] = max(scored.get(place, 0), score + home + _fame(place))
    return sorted(scored, key=lambda place: -scored[place])[:5]


def _fame(place: Place) -> float:
    """A large town is the likelier one: 3 points of likeness for each tenfold of people."""
    return 3 * math.log10(1 + place.population)


def suggest(prefix: str, limit: int = 8) -> list[Place]:
    """Places whose name or ZIP code begins with `prefix`, the most populous first, then by name.

    A state, or the beginning of one, may follow behind a comma: "Spring, T".
    """
    text = prefix.strip()
    if len(text) > MAX_TEXT or not words(text):
        return []
    directory = _directory()
    if re.fullmatch("[0-9]{1,5}", text):
        return directory.zips_from(text, limit)
    town, _, state = text.partition(",")
    ranks = {rank for start in prefixes(town) for rank in _ranks_from(start)}
    towns = (directory.towns[rank] for rank in nsmallest(len(ranks) if state else limit, ranks))
    states = {code for code in STATES if _state_begins(code, state)}
    chosen = [place for place in towns if place.state in states][:limit]
    return chosen or _found(text)[:limit]


def _ranks_from(start: str) -> list[int]:
    directory = _directory()
    low = bisect_left(directory.keys, start)
    high = bisect_left(directory.keys, start + "\U0010ffff", low)
    return directory.ranks[low:high]


def _state_begins(state: str, start: str) -> bool:
    begun = "".join(words(start))
    return state.lower().startswith(begun) or "".join(words(STATES[state])).startswith(begun)


@cache
def towns() -> tuple[Place, ...]:
    """The towns of known population, by falling population."""
    return tuple(town for town in _directory().towns if town.population)


@cache
def _tree() -> cKDTree:
    lons, lats = zip(*(town.point for town in towns()), strict=True)
    return cKDTree(_unit_vectors(lons, lats))


def _unit_vectors(lons: ArrayLike, lats: ArrayLike) -> NDArray[np.float64]:
    lon, lat = np.radians(np.asarray(lons, float)), np.radians(np.asarray(lats, float))
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def nearest(lons: ArrayLike, lats: ArrayLike) -> list[Place | None]:
    """The town of `towns()` nearest to each point, None where none is within 60 miles.

    Distances are great circles on a sphere of 6,371,008.8 m. Positions in degrees, finite.
    """
    _, indexes = _tree().query(_unit_vectors(lons, lats), distance_upper_bound=_REACH)
    known = (*towns(), None)
    return [known[index] for index in indexes]


def zones_of(lons: ArrayLike, lats: ArrayLike) -> list[str]:
    """The IANA time zone of each point, anywhere on earth; at sea the nautical one, Etc/GMT±N.

    Raises ValueError for a point that is not on the earth.
    """
    pairs = zip(np.asarray(lons, float).tolist(), np.asarray(lats, float).tolist(), strict=True)
    zones = [get_tz(lon, lat) for lon, lat in pairs]
    if not all(zones):
        raise ValueError("longitudes are within ±180 degrees, latitudes within ±90")
    return zones
