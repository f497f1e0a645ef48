"""Towns and ZIP codes by name: spellings, refusals, what is near, and time zones."""

import gzip
import random
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo import places
from geo.names import key
from geo.places import (
    AmbiguousPlace,
    UnknownPlace,
    find,
    find_zip,
    nearest,
    suggest,
    towns,
    zones_of,
)
from geo.points import METRES_PER_MILE
from geo.states import STATES, is_state

ROOT = Path(__file__).parents[2]
SPELLINGS = {
    "Dallas, TX": [
        *("Dallas, TX", "dallas tx", "DALLAS,TX", " Dallas ,  tx ", "Dallas, Texas", "Dallas Tex."),
        *("Dallas, TX, USA", "Dallas TX United States", "Dallas\tTX", "D\u00e1llas, TX"),
    ],
    "Fort Worth, TX": ["Ft Worth, TX", "Ft. Worth TX", "fort worth, texas", "FT.WORTH,TX"],
    "St. Louis, MO": ["St Louis, MO", "Saint Louis, Missouri", "St.Louis, MO", "st-louis mo"],
    "Mount Vernon, IL": ["Mt Vernon, IL", "Mt. Vernon Ill.", "mount vernon illinois"],
    "North Little Rock, AR": ["N Little Rock, AR", "N. Little Rock Ark", "No. Little Rock, AR"],
    "New York, NY": ["NYC", "N.Y.C.", "New York", "New York NY", "NYC, NY", "New York, New York"],
    "Los Angeles, CA": ["LA, CA", "L.A., California", "los angeles calif"],
    "Washington, DC": ["Washington DC", "Washington, D.C.", "Washington, District of Columbia"],
    "Winston-Salem, NC": ["Winston Salem, NC", "Winston-Salem North Carolina", "WINSTONSALEM NC"],
    "Cañon City, CO": ["Canon City, CO", "Cañon City, CO", "CAN\u0303ON CITY CO"],
    "Coeur d'Alene, ID": ["Coeur d Alene, ID", "Coeur d’Alene ID", "coeur dalene, idaho"],
    "O'Fallon, MO": ["OFallon, MO", "O Fallon MO", "O'FALLON MO"],
    "DeKalb, IL": ["De Kalb, IL", "dekalb il"],
    "Sault Ste. Marie, MI": ["Sault Sainte Marie, MI", "Sault Ste Marie Mich"],
    "Kansas City, KS": ["Kansas City Kansas", "Kansas City, KS", "KC, KS"],
    "Charleston, WV": ["Charleston West Virginia", "Charleston WV"],
    "Lexington, KY": ["Lexington, KY"],
    "West Palm Beach, FL": ["W Palm Bch, FL", "West Palm Beach, Fla."],
    "Chicago, IL": ["Chicago", "chicago, il"],
    "Las Vegas, NV": ["Vegas"],
    "Dallas, TX 75201": ["75201", "75201-1234", "752011234", "Dallas, TX 75201", "TX 75201-0001"],
}


@pytest.mark.parametrize(
    ("text", "label"), [(text, label) for label, texts in SPELLINGS.items() for text in texts]
)
def test_spellings(text: str, label: str) -> None:
    assert find(text).label == label


@pytest.mark.parametrize(
    ("text", "lon", "lat", "zone"),
    [
        ("Dallas, TX", -96.80, 32.78, "America/Chicago"),
        ("El Paso, TX", -106.44, 31.76, "America/Denver"),
        ("Shelby, MI", -86.36, 43.61, "America/Detroit"),  # the post town, not the township
        ("Melrose, NY", -73.61, 42.85, "America/New_York"),  # the post town, not the Bronx
        ("Young America, MN", -93.92, 44.78, "America/Chicago"),
        ("10001", -74.00, 40.75, "America/New_York"),
    ],
)
def test_where_they_are(text: str, lon: float, lat: float, zone: str) -> None:
    place = find(text)
    assert place.point == pytest.approx((lon, lat), abs=0.1)
    assert place.zone == zone


def test_every_town_is_found_by_its_label() -> None:
    every = places._directory().towns
    assert len(every) > 41_000
    assert all(find(town.label) is town for town in every)
    assert {town.state for town in every} == set(STATES)


def test_a_name_that_nothing_settles_is_asked_back_with_zip_codes() -> None:
    unsettled = [town for town in places._directory().towns if town.zip]
    assert 50 < len(unsettled) < 200
    for town in unsettled:
        with pytest.raises(AmbiguousPlace) as caught:
            find(f"{town.name}, {town.state}")
        assert town.label in caught.value.candidates


def test_every_zip_is_found() -> None:
    codes = places._directory().zip_codes
    assert len(codes) > 41_000
    for code in codes:
        place = find_zip(code)
        assert place.zip == code
        assert find(place.label) == place
        assert is_state(place.state)
    assert find_zip("75201-1234") == find("75201")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("09001", "military"),
        ("96201", "military"),
        ("APO, AE", "48 contiguous states"),
        ("99501", "48 contiguous states"),
        ("96813", "48 contiguous states"),
        ("00901", "48 contiguous states"),
        ("Anchorage, AK", "48 contiguous states"),
        ("Honolulu, Hawaii", "48 contiguous states"),
        ("San Juan, Puerto Rico", "48 contiguous states"),
        ("00000", "no such ZIP"),
        ("2134", "five digits"),
        ("Texas", "is a state"),
        ("LA", "is a state"),
        ("Houston, TX 75201", "not there"),
        ("Dallas, GA 75201", "not there"),
        ("", "town with its state"),
        (" , ", "town with its state"),
        ("x" * 101, "at most 100"),
        ("\x00", "town with its state"),
    ],
)
def test_refusals_say_why(text: str, why: str) -> None:
    with pytest.raises(UnknownPlace, match=why):
        find(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Dalas, TX", "Dallas, TX"),
        ("Huston TX", "Houston, TX"),
        ("Pheonix, Arizona", "Phoenix, AZ"),
        ("San Fransico", "San Francisco, CA"),
        ("Cincinatti, OH", "Cincinnati, OH"),
        ("Alburquerque NM", "Albuquerque, NM"),
        ("La Vegas NV", "Las Vegas, NV"),
        ("Minneapolis, WI", "Minneapolis, MN"),
        ("LA", "Los Angeles, CA"),
        ("Texas", "Houston, TX"),
        ("2134", "Allston, MA 02134"),
        ("Houston, TX 75201", "Dallas, TX 75201"),
    ],
)
def test_misspellings_are_answered_with_what_was_meant(text: str, meant: str) -> None:
    with pytest.raises(UnknownPlace) as caught:
        find(text)
    suggestions = caught.value.suggestions
    assert suggestions[0] == meant
    assert meant in str(caught.value)
    assert len(suggestions) <= 10
    assert all(find(suggestion).label == suggestion for suggestion in suggestions)


@pytest.mark.parametrize(
    ("text", "first", "among"),
    [
        ("Springfield", "Springfield, MO", "Springfield, IL"),
        ("Kansas City", "Kansas City, MO", "Kansas City, KS"),
        ("KC", "Kansas City, MO", "Kansas City, KS"),
        ("Port Washington", "Port Washington, NY", "Port Washington, WI"),
        ("Dallas", "Dallas, TX", "Dallas, GA"),
    ],
)
def test_a_name_of_several_towns_is_not_guessed(text: str, first: str, among: str) -> None:
    with pytest.raises(AmbiguousPlace) as caught:
        find(text)
    found = [find(candidate) for candidate in caught.value.candidates]
    assert found[0].label == first
    assert among in caught.value.candidates
    assert 2 <= len(found) <= 10
    assert [p.population for p in found] == sorted((p.population for p in found), reverse=True)
    assert first in str(caught.value)


KEYED = [(key(town.name), town) for town in places._directory().towns]
TOWNS = st.sampled_from(places._directory().towns)
STATE_TEXT = st.sampled_from([*STATES, *STATES.values(), "AK", "USA", ""])


@given(
    st.one_of(
        st.text(max_size=120),
        st.text("abcdest .,-'0123456789", max_size=40),
        st.builds("{} {}".format, TOWNS.map(lambda town: town.name), STATE_TEXT),
        st.builds("{}, {}".format, st.text(max_size=20), STATE_TEXT),
    )
)
@example("\ufdfa" * 100)
@example("st " * 33)
@example("1" * 100)
def test_any_text_is_found_or_refused(text: str) -> None:
    try:
        place = find(text)
    except (UnknownPlace, AmbiguousPlace):
        pass
    else:
        assert find(place.label) == place
    assert len(suggest(text)) <= 8


@pytest.mark.parametrize("text", ["x" * 10_000, " ," * 5_000, "1" * 10_000, "st. " * 2_500])
def test_long_text_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(UnknownPlace):
        find(text)
    assert suggest(text) == []
    assert time.perf_counter() - start < 0.05


@given(TOWNS, st.data())
def test_any_change_of_case_and_punctuation_finds_the_same(
    town: places.Place, data: st.DataObject
) -> None:
    if town.zip:
        return
    mark = data.draw(st.sampled_from(["", "-", " ", "  "]))
    written = town.name.replace(" ", mark or " ").replace("Saint ", "St. ").replace("Fort ", "Ft ")
    case = data.draw(st.sampled_from([str.upper, str.lower, str.title]))
    state = data.draw(
        st.sampled_from([town.state, STATES[town.state], STATES[town.state] + ", USA"])
    )
    assert find(f"{case(written)},{state}") is town


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("dal", "Dallas, TX"),
        ("Ft w", "Fort Worth, TX"),
        ("st lo", "St. Louis, MO"),
        ("st", "Staten Island, NY"),
        ("Springfield, I", "Springfield, IL"),
        ("spring, tex", "Spring, TX"),
        ("dallas tx", "Dallas, TX"),
        ("752", "Dallas, TX 75201"),
        ("75201", "Dallas, TX 75201"),
        ("NYC", "New York, NY"),
    ],
)
def test_suggest(prefix: str, first: str) -> None:
    assert suggest(prefix)[0].label == first


def test_suggest_is_by_population_then_name() -> None:
    """Against a scan of all towns, for the beginnings of 40 names and for each letter."""
    picked = random.Random(3)
    cut = [name[: picked.randint(1, 5)] for name, _ in picked.sample(KEYED, 40)]
    for begun in [*"abcdefghijklmnopqrstuvwxyz", *cut]:
        matching = [town for name, town in KEYED if name.startswith((begun, key(begun)))]
        ranked = sorted(matching, key=lambda town: (-town.population, town.name, town.state))
        assert suggest(begun, 12) == ranked[:12]


@pytest.mark.parametrize("prefix", ["", " ", ",", "000", "zzzzzz", "\x00"])
def test_nothing_to_suggest(prefix: str) -> None:
    assert suggest(prefix) == []


def test_towns_have_people_and_come_largest_first() -> None:
    people = [town.population for town in towns()]
    assert len(people) > 15_000
    assert people == sorted(people, reverse=True)
    assert people[-1] > 0
    assert towns()[0].label == "New York, NY"
    assert "New South Memphis" not in {town.name for town in towns()}


RANKS = {town: rank for rank, town in enumerate(towns())}
TOWN_LONS, TOWN_LATS = np.radians(np.array([town.point for town in towns()])).T


def haversine_miles(lon: float, lat: float) -> NDArray[np.float64]:
    """Great-circle miles from a point to every town, by the haversine formula."""
    x, y = np.radians(lon), np.radians(lat)
    across = np.cos(TOWN_LATS) * np.cos(y) * np.sin((TOWN_LONS - x) / 2) ** 2
    half = np.sin((TOWN_LATS - y) / 2) ** 2 + across
    return np.asarray(2 * 6_371_008.8 / METRES_PER_MILE * np.arcsin(np.sqrt(half)))


@given(
    st.lists(
        st.tuples(st.floats(-130, -60, allow_nan=False), st.floats(20, 55, allow_nan=False)),
        min_size=1,
        max_size=10,
    )
)
@example([(180.0, 90.0), (-180.0, -90.0), (0.0, 0.0)])
def test_nearest_against_brute_force(where: list[tuple[float, float]]) -> None:
    lons, lats = (np.array(column) for column in zip(*where, strict=True))
    for lon, lat, found in zip(lons, lats, nearest(lons, lats), strict=True):
        away = haversine_miles(lon, lat)
        if found is None:
            assert away.min() > 60 - 1e-6
        else:
            assert away[RANKS[found]] == pytest.approx(away.min(), abs=1e-6)
            assert away.min() < 60 + 1e-6


def test_nearest_by_name() -> None:
    found = nearest([-84.388, -96.8, -40.0], [33.749, 32.78, 40.0])
    assert [place and place.label for place in found] == ["Atlanta, GA", "Dallas, TX", None]
    assert nearest([], []) == []


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=20))
@example([(180.0, 0.0), (-180.0, 0.0), (180.0, 90.0), (-180.0, -90.0), (0.0, 90.0), (0.0, -90.0)])
def test_every_point_on_earth_has_a_zone_that_loads(where: list[tuple[float, float]]) -> None:
    zones = zones_of([lon for lon, _ in where], [lat for _, lat in where])
    assert [ZoneInfo(zone).key for zone in zones] == zones
    assert all(zones)


@pytest.mark.parametrize(("lon", "lat"), [(181.0, 0.0), (0.0, 91.0), (np.nan, 0.0), (0.0, np.inf)])
def test_no_zone_off_the_earth(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match="within"):
        zones_of([-96.8, lon], [32.8, lat])


def test_zones_of_known_points() -> None:
    assert zones_of([-96.8, -84.388, -106.44, -30.0], [32.8, 33.749, 31.76, 40.0]) == [
        "America/Chicago",
        "America/New_York",
        "America/Denver",
        "Etc/GMT+2",
    ]


def test_zones_of_places_load() -> None:
    for zone in {place.zone for place in places._directory().towns}:
        assert ZoneInfo(zone).key == zone


@pytest.mark.long
def test_the_data_is_what_the_script_builds(tmp_path: Path) -> None:
    script = [sys.executable, "scripts/build_places.py", str(tmp_path)]
    subprocess.run(script, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)
    for file in ("towns.tsv.gz", "zips.tsv.gz"):
        assert gzip.decompress((tmp_path / file).read_bytes()) == gzip.decompress(
            (ROOT / "geo" / "data" / file).read_bytes()
        )
