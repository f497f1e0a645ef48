"""The 48 contiguous states and the District of Columbia: their names, and which one a point is in."""

import json
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer
from shapely import MultiPolygon, STRtree, points, prepare, transform
from tzfpy import get_tz

# Monhegan Island, Maine, is the town farthest off the outlines, 10.3 km.
SNAP_METRES = 12_000.0
# The time zones of the 48 states, none of which reaches into Canada or Mexico.
_ZONES = {
    "America/" + name
    for name in (
        *(
            "Boise",
            "Chicago",
            "Denver",
            "Detroit",
            "Los_Angeles",
            "Menominee",
            "New_York",
            "Phoenix",
        ),
        *("Indiana/Indianapolis", "Indiana/Knox", "Indiana/Marengo", "Indiana/Petersburg"),
        *("Indiana/Tell_City", "Indiana/Vevay", "Indiana/Vincennes", "Indiana/Winamac"),
        *("Kentucky/Louisville", "Kentucky/Monticello"),
        *("North_Dakota/Beulah", "North_Dakota/Center", "North_Dakota/New_Salem"),
    )
}

STATES: dict[str, str] = {
    "AL": "Alabama",
    "AR": "Arkansas",
    "AZ": "Arizona",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DC": "District of Columbia",
    "DE": "Delaware",
    "FL": "Florida",
    "GA": "Georgia",
    "IA": "Iowa",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "MA": "Massachusetts",
    "MD": "Maryland",
    "ME": "Maine",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MO": "Missouri",
    "MS": "Mississippi",
    "MT": "Montana",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "NE": "Nebraska",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NV": "Nevada",
    "NY": "New York",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VA": "Virginia",
    "VT": "Vermont",
    "WA": "Washington",
    "WI": "Wisconsin",
    "WV": "West Virginia",
    "WY": "Wyoming",
}


def is_state(code: str) -> bool:
    """Whether `code` is the USPS code of one of the 48 contiguous states or DC, in capitals."""
    return code in STATES


@cache
def _outlines() -> tuple[NDArray[np.str_], NDArray[np.object_]]:
    """The codes in order, and the outline of each; neighbours share their border's coordinates."""
    data = json.loads((files("geo") / "data" / "states.json").read_text())
    scale, translate = np.array(data["scale"]), np.array(data["translate"])
    arcs = [np.cumsum(arc, axis=0) * scale + translate for arc in data["arcs"]]
    outlines = [_outline(polygons, arcs) for polygons in data["states"].values()]
    prepare(outlines)
    return np.array(list(data["states"])), np.array(outlines)


def _outline(polygons: list[list[list[int]]], arcs: list[NDArray[np.float64]]) -> MultiPolygon:
    rings = [[_ring(ring, arcs) for ring in polygon] for polygon in polygons]
    return MultiPolygon([(outer, holes) for outer, *holes in rings])


def _ring(numbers: list[int], arcs: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The arcs of a ring, end to end; arc n run backwards is written ~n."""
    return np.concatenate([arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers])


@cache
def _plane() -> tuple[Transformer, STRtree]:
    """To metres in the Albers projection of the 48 states, and the outlines there."""
    transformer = Transformer.from_crs("EPSG:4326", "EPSG:5070", always_xy=True)
    outlines = transform(
        _outlines()[1], lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    )
    return transformer, STRtree(outlines)


def states_of(lons: ArrayLike, lats: ArrayLike) -> list[str | None]:
    """The state that each point is in, as its USPS code; None outside the 48 states and DC.

    Degrees. A point on a common border belongs to the alphabetically first of its states. As the
    outlines are coarse and end at the shore, a point outside them all counts to the nearest state
    within 12 km if its time zone is one of the United States: so harbours, islands and bays have
    a state, and Windsor, Ontario, or Ciudad Juárez have none.
    """
    lon, lat = np.asarray(lons, float), np.asarray(lats, float)
    codes, outlines = _outlines()
    found: NDArray[np.object_] = np.full(lon.size, None, object)
    state, point = STRtree(_points(lon, lat)).query(outlines, predicate="intersects")
    found[point[::-1]] = codes[state[::-1]]  # backwards, so that the first state stays
    _snap(found, lon, lat)
    return [code and str(code) for code in found]


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.array(points(np.column_stack((x, y))), dtype=object)


def _snap(found: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    """Gives points off every outline the nearest state, where that is near and no border is between."""
    around = (lon > -126) & (lon < -66) & (lat > 24) & (lat < 50) & (found == None)  # noqa: E711
    off = [i for i in np.flatnonzero(around) if get_tz(lon[i], lat[i]) in _ZONES]
    if not off:
        return
    transformer, tree = _plane()
    at = _points(*transformer.transform(lon[off], lat[off]))
    point, state = tree.query_nearest(at, max_distance=SNAP_METRES)
    found[np.array(off)[point[::-1]]] = _outlines()[0][state[::-1]]
