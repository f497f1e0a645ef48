"""Whatever is sent to a search, the answer is a problem that names the field, and never a 500."""

import json
from typing import Any

import httpx
import pytest

from tests.loadboard.conftest import Caller, Member
from tests.loadboard.search.boards import DALLAS, Board, near

JSON = {"Content-Type": "application/json"}
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
BOW_TIE = [[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"polygon": {"type": "Polygon", "coordinates": list(rings)}}


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


AREAS: list[tuple[Any, str, str]] = [
    ({}, "", "exactly one of near"),
    ({"radius_mi": 5}, "", "exactly one of near"),
    ({"near": {"lat": 1, "lon": 1}}, "", "near and radius_mi"),
    ({"bbox": [1, 2, 3, 4], "radius_mi": 5}, "", "near and radius_mi"),
    ({"bbox": [1, 2, 3, 4], "states": ["TX"]}, "", "exactly one of near"),
    ({"area": 1}, "/area", "is not a field"),
    ("Dallas", "", "dictionary"),
    ({"near": {"lat": 91, "lon": 1}, "radius_mi": 5}, "/near/lat", "90"),
    ({"near": {"lat": 1, "lon": -180.5}, "radius_mi": 5}, "/near/lon", "180"),
    ({"near": {"lat": 1}, "radius_mi": 5}, "/near", "both lat and lon"),
    ({"near": {"lat": "1", "lon": 1}, "radius_mi": 5}, "/near/lat", "number"),
    ({"near": {"place": "Nowhereville, TX"}, "radius_mi": 5}, "/near/place", "Nowhereville"),
    ({"near": {"place": "'; DROP TABLE load; --"}, "radius_mi": 5}, "/near/place", "DROP"),
    ({"near": {"place": ""}, "radius_mi": 5}, "/near/place", "1 character"),
    ({"near": {"place": "a\u0000b"}, "radius_mi": 5}, "/near/place", "control"),
    ({"near": {"place": "x" * 121}, "radius_mi": 5}, "/near/place", "120"),
    ({"near": {"zip": "00000"}, "radius_mi": 5}, "/near/zip", "00000"),
    ({"near": {"zip": 75201}, "radius_mi": 5}, "/near/zip", "string"),
    ({"near": {"place": "Dallas, TX", "zip": "75201"}, "radius_mi": 5}, "/near", "exactly one"),
    ({"near": {"lat": 1, "lon": 1}, "radius_mi": -1}, "/radius_mi", "0"),
    ({"near": {"lat": 1, "lon": 1}, "radius_mi": 12_501}, "/radius_mi", "12500"),
    ({"near": {"lat": 1, "lon": 1}, "radius_mi": "5"}, "/radius_mi", "number"),
    ({"near": {"lat": 1, "lon": 1}, "radius_mi": True}, "/radius_mi", "number"),
    ({"near": {"lat": 1, "lon": 1}, "radius_mi": 10**400}, "/radius_mi", ""),
    ({"bbox": [1, 2, 3]}, "/bbox", "four numbers"),
    ({"bbox": [1, 2, 3, 4, 5]}, "/bbox", "four numbers"),
    ({"bbox": [1, 5, 3, 4]}, "/bbox", "south must not exceed north"),
    ({"bbox": [1, 2, 181, 4]}, "/bbox/2", "180"),
    ({"bbox": "1,2,3,4"}, "/bbox", "four numbers"),
    (polygon(BOW_TIE), "/polygon", "Self-intersection"),
    (polygon(SQUARE[:-1]), "/polygon", "its last is its first"),
    (polygon(), "/polygon", "one or more rings"),
    (polygon([[0, 0], [4, 0], [4, 91], [0, 0]]), "/polygon", "latitude"),
    (polygon([[0, 0], [4, 0], [4, 10**400], [0, 0]]), "/polygon", "latitude"),
    (polygon([[0, 0, 0], *SQUARE[1:]]), "/polygon", "a position is"),
    (polygon(SQUARE, [[9, 9], [10, 9], [10, 10], [9, 9]]), "/polygon", "lies outside"),
    (polygon(*[SQUARE] * 2_001), "/polygon", "10,000 positions"),
    ({"polygon": {"type": "Point", "coordinates": [0, 0]}}, "/polygon", "Polygon or MultiPolygon"),
    ({"polygon": {"type": "Feature", "geometry": {}}}, "/polygon", "Polygon or MultiPolygon"),
    ({"polygon": {"type": "Polygon"}}, "/polygon", "one or more rings"),
    ({"polygon": []}, "/polygon", "dictionary"),
    ({"states": []}, "/states", "at least 1"),
    ({"states": ["XX"]}, "/states", "XX is none of the states"),
    ({"states": ["Texas"]}, "/states", "TEXAS is none of the states"),
    ({"states": "TX"}, "/states", "list"),
    ({"states": [7]}, "/states/0", "string"),
    ({"states": ["TX"] * 50}, "/states", "at most 49"),
]  # fmt: skip

FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": "red"}, "/colour", "is not a field"),
    ({"alongside": {}}, "/alongside", "is not a field"),
    ({"equipment": ["spaceship"]}, "/equipment/0", "no equipment known"),
    ({"equipment": []}, "/equipment", "at least 1"),
    ({"equipment": "van"}, "/equipment", "list"),
    ({"equipment": [7]}, "/equipment/0", "string"),
    ({"full": "yes"}, "/full", "boolean"),
    ({"hazmat": 1}, "/hazmat", "boolean"),
    ({"include_unknown": None}, "/include_unknown", "boolean"),
    ({"max_weight_lb": 0}, "/max_weight_lb", "greater than or equal to 1"),
    ({"max_weight_lb": 1.5}, "/max_weight_lb", "integer"),
    ({"max_weight_lb": "1"}, "/max_weight_lb", "integer"),
    ({"max_length_ft": 0}, "/max_length_ft", "0.1"),
    ({"min_rate_cents": -5}, "/min_rate_cents", "greater than or equal to 1"),
    ({"min_rate_cents": 10**30}, "/min_rate_cents", "1000000000"),
    ({"min_rate_cents": 1e30}, "/min_rate_cents", ""),
    ({"min_rate_per_mile_cents": -0.5}, "/min_rate_per_mile_cents", "0"),
    ({"min_rate_per_mile_cents": 1e300}, "/min_rate_per_mile_cents", "1000000"),
    ({"max_age_minutes": 0}, "/max_age_minutes", "1"),
    ({"max_age_minutes": 2**63}, "/max_age_minutes", "5256000"),
    ({"pickup_window": {"from": "2090-01-02T00:00:00Z", "to": "2090-01-01T00:00:00Z"}}, "/pickup_window", "ends before it starts"),
    ({"pickup_window": {"from": "2090-01-02"}}, "/pickup_window/from", "a time with its zone"),
    ({"pickup_window": {"to": "2090-01-02T00:00:00"}}, "/pickup_window/to", "timezone"),
    ({"pickup_window": {"to": "0001-01-01T00:00:00+23:59"}}, "/pickup_window/to", "2000 and 2100"),
    ({"pickup_window": {"to": 1}}, "/pickup_window/to", "a time with its zone"),
    ({"pickup_window": {"until": "2090-01-02T00:00:00Z"}}, "/pickup_window/until", "is not a field"),
]  # fmt: skip

PAGING: list[tuple[dict[str, Any], str, str]] = [
    ({"sort": "price"}, "/sort", "'rate'"),
    ({"sort": "distance"}, "/sort", "by distance needs pickup.near"),
    ({"sort": "distance", "pickup": {"states": ["TX"]}}, "/sort", "by distance needs pickup.near"),
    ({"sort": "distance", "delivery": near(DALLAS, 5)}, "/sort", "by distance needs pickup.near"),
    ({"limit": 0}, "/limit", "1"),
    ({"limit": 201}, "/limit", "200"),
    ({"limit": "50"}, "/limit", "integer"),
    ({"cursor": "made up"}, "/cursor", "no cursor of this query"),
]


def problem(answer: httpx.Response, *statuses: int) -> list[tuple[str, str]]:
    """What a problem says is wrong: pointers and messages."""
    assert answer.status_code in statuses, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return [(error["pointer"], error["message"]) for error in body["errors"]]


def refuses(caller: Caller, path: str, body: Any, pointer: str, words: str) -> None:
    errors = problem(caller.post(path, content=json.dumps(body), headers=JSON), 422)
    assert pointer in {at for at, _ in errors}, (body, errors)
    assert words in " ".join(text for at, text in errors if at == pointer), (body, errors)


SEARCHES = ["/v1/search", "/v1/search/hexes"]


@pytest.mark.parametrize("path", SEARCHES)
def test_areas_that_are_none(board: Board, carrier: Member, path: str) -> None:
    for area, pointer, words in AREAS:
        for end in ("pickup", "delivery"):
            refuses(carrier, path, {end: area}, f"/{end}{pointer}", words)


@pytest.mark.parametrize("path", SEARCHES)
def test_filters_that_are_none(board: Board, carrier: Member, path: str) -> None:
    for body, pointer, words in FIELDS:
        refuses(carrier, path, body, pointer, words)


def test_pages_that_are_none(board: Board, carrier: Member) -> None:
    for body, pointer, words in PAGING:
        refuses(carrier, "/v1/search", body, pointer, words)
    for name in ("sort", "limit", "cursor"):
        refuses(carrier, "/v1/search/hexes", {name: 1}, f"/{name}", "is not a field")
    for resolution in (0, 8, 3.5, "3"):
        refuses(carrier, "/v1/search/hexes", {"resolution": resolution}, "/resolution", "")


def test_several_faults_are_named_at_once(board: Board, carrier: Member) -> None:
    body = {"pickup": {"bbox": [1, 2, 3]}, "limit": 0, "colour": 1, "equipment": ["?"]}
    errors = problem(carrier.post("/v1/search", json=body), 422)
    assert {at for at, _ in errors} == {"/pickup/bbox", "/limit", "/colour", "/equipment/0"}


RAW: list[tuple[bytes, str]] = [
    (b'{"min_rate_per_mile_cents": NaN}', "/min_rate_per_mile_cents"),
    (b'{"max_length_ft": Infinity}', "/max_length_ft"),
    (b'{"max_length_ft": 1e999}', "/max_length_ft"),
    (b'{"min_rate_cents": -Infinity}', "/min_rate_cents"),
    (b'{"pickup": {"near": {"lat": NaN, "lon": 0}, "radius_mi": 1}}', "/pickup/near/lat"),
    (b'{"pickup": {"bbox": [NaN, 0, 1, 1]}}', "/pickup/bbox/0"),
    (b'{"pickup": {"polygon": {"type": "Polygon", "coordinates":'
     b' [[[0, 0], [1, NaN], [1, 1], [0, 0]]]}}}', "/pickup/polygon"),
    (b'{"pickup": {"near": {"place": "\\ud800"}, "radius_mi": 1}}', "/pickup/near/place"),
    (b'{"pickup": {"polygon": {"type": "\\ud800"}}}', "/pickup/polygon"),
    (b'{"pickup": {"polygon": {"type": "Polygon", "coordinates": "\\ud800"}}}', "/pickup/polygon"),
    (b"", ""), (b"null", ""), (b"[]", ""), (b"7", ""), (b'"text"', ""), (b"{", ""), (b"{}{}", ""),
    (b"{'limit': 1}", ""), (b'{"limit": 1,}', ""), (b"\x00\x01", ""),
]  # fmt: skip


@pytest.mark.parametrize("path", SEARCHES)
def test_raw_bytes_that_are_no_search(board: Board, carrier: Member, path: str) -> None:
    for raw, pointer in RAW:
        errors = problem(carrier.post(path, content=raw, headers=JSON), 422)
        assert pointer in {at for at, _ in errors}, (raw, errors)


ODD: list[bytes] = [
    b'{"\\ud800": 1}',
    b'{"pickup": {"polygon": {"type": "Polygon", "\\ud800": 1, "coordinates": []}}}',
    b'{"equipment": ["\\ud800"]}',
    b'{"sort": "\\ud800"}',
    b'{"cursor": "\\ud800"}',
    b'{"pickup_window": {"to": "\\ud800T"}}',
    b'\xff\xfe{"limit": 1}',
    b'{"limit": "\xe9"}',
    b'{"limit": ' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("path", SEARCHES)
def test_texts_that_are_no_text(board: Board, carrier: Member, path: str) -> None:
    for raw in ODD:
        answer = carrier.post(path, content=raw, headers=JSON)
        problem(answer, 422)


UNREADABLE: list[tuple[bytes, str]] = [
    (b"\xff\xfe\xfd", "must be UTF-8"),
    (b'{"limit": "\xe9"}', "must be UTF-8"),
    (b'{"limit": ' + b"9" * 5_000 + b"}", "too many digits"),
    (b"[" * 200_000, "nested too deeply"),
]


def test_what_can_not_be_read_says_why(board: Board, carrier: Member) -> None:
    for raw, said in UNREADABLE:
        [(pointer, message)] = problem(carrier.post("/v1/search", content=raw, headers=JSON), 422)
        assert (pointer, said in message) == ("", True), message


@pytest.mark.parametrize("path", SEARCHES)
def test_json_of_any_depth(board: Board, carrier: Member, path: str) -> None:
    for depth in (*range(10, 1_000, 30), 5_000, 200_000):
        inner = "[" * depth + "]" * depth
        for raw in (
            inner,
            '{"pickup": {"polygon": {"type": "Polygon", "coordinates": ' + inner + "}}}",
        ):
            answer = carrier.post(path, content=raw, headers=JSON)
            problem(answer, 400, 422)
            url = {"pickup_polygon": raw}
            if len(raw) < 20_000:
                problem(carrier.get("/v1/search", params=url), 400, 422)


@pytest.mark.parametrize("path", SEARCHES)
def test_bodies_that_are_too_large(board: Board, carrier: Member, path: str) -> None:
    large = b'{"limit": ' + b" " * 5_000_000 + b"1}"
    problem(carrier.post(path, content=large, headers=JSON), 413)

    async def unannounced() -> Any:
        for start in range(0, len(large), 100_000):
            yield large[start : start + 100_000]

    problem(carrier.post(path, content=unannounced(), headers=JSON), 413)


@pytest.mark.parametrize("path", SEARCHES)
def test_bodies_of_another_kind(board: Board, carrier: Member, path: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"):
        answer = carrier.post(path, content=b"{}", headers={"Content-Type": kind})
        problem(answer, 415, 422)


def test_methods_and_paths_that_do_not_exist(board: Board, carrier: Member) -> None:
    problem(carrier.request("PUT", "/v1/search", json={}), 405)
    problem(carrier.get("/v1/search/hexes"), 405)
    problem(carrier.post("/v1/search/none", json={}), 404, 405)


def test_nothing_of_it_is_text_for_the_database(board: Board, carrier: Member) -> None:
    for text in ("'", "\\", "%", "%s", ":limit", "$1", "<script>alert(1)</script>", "\u202e"):
        for body in (
            {"pickup": {"near": {"place": text}, "radius_mi": 1}},
            {"pickup": {"states": [text]}},
            {"equipment": [text]},
            {"cursor": text},
        ):
            problem(carrier.post("/v1/search", json=body), 422)


URLS: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": "red"}, "/colour", "is not a field"),
    ({"pickup_near": "Nowhereville, TX", "pickup_radius_mi": 5}, "/pickup_near", "Nowhereville"),
    ({"pickup_near": "91,0", "pickup_radius_mi": 5}, "/pickup_near", "90"),
    ({"pickup_near": "nan,0", "pickup_radius_mi": 5}, "/pickup_near", "finite"),
    ({"pickup_near": "00000", "pickup_radius_mi": 5}, "/pickup_near", "00000"),
    ({"pickup_near": "", "pickup_radius_mi": 5}, "/pickup_near", "1 character"),
    ({"pickup_near": "32,-97"}, "/pickup", "near and radius_mi"),
    ({"delivery_radius_mi": "5"}, "/delivery", "exactly one of near"),
    ({"pickup_near": "32,-97", "pickup_radius_mi": "far"}, "/pickup_radius_mi", "number"),
    ({"pickup_near": "32,-97", "pickup_radius_mi": "nan"}, "/pickup_radius_mi", "finite"),
    ({"pickup_near": "32,-97", "pickup_radius_mi": "-1"}, "/pickup_radius_mi", "0"),
    ({"pickup_bbox": "1,2,3"}, "/pickup_bbox", "four numbers"),
    ({"pickup_bbox": "1,2,3,inf"}, "/pickup_bbox", ""),
    ({"pickup_bbox": "a,b,c,d"}, "/pickup_bbox", "four numbers"),
    ({"pickup_polygon": "{"}, "/pickup_polygon", "GeoJSON"),
    ({"pickup_polygon": json.dumps(polygon(BOW_TIE)["polygon"])}, "/pickup_polygon", "Self-inter"),
    ({"pickup_polygon": "[]"}, "/pickup_polygon", "dictionary"),
    ({"delivery_states": "TX,XX"}, "/delivery_states", "XX is none"),
    ({"delivery_states": "TX,,OK"}, "/delivery_states", "1 character"),
    ({"pickup_from": "2090-01-02"}, "/pickup_from", "a time with its zone"),
    ({"pickup_to": ""}, "/pickup_to", "a time with its zone"),
    ({"pickup_from": "2090-01-02T00:00:00Z", "pickup_to": "2090-01-01T00:00:00Z"}, "/pickup_from", "ends before"),
    ({"equipment": "van,spaceship"}, "/equipment", "no equipment known"),
    ({"full": "maybe"}, "/full", "boolean"),
    ({"max_weight_lb": "1e3"}, "/max_weight_lb", "integer"),
    ({"max_weight_lb": "0"}, "/max_weight_lb", "1"),
    ({"min_rate_cents": str(10**30)}, "/min_rate_cents", ""),
    ({"min_rate_cents": "9" * 5_000}, "/min_rate_cents", ""),
    ({"max_length_ft": "inf"}, "/max_length_ft", "finite"),
    ({"max_age_minutes": "0"}, "/max_age_minutes", "1"),
    ({"sort": "price"}, "/sort", "'rate'"),
    ({"sort": "distance"}, "/sort", "pickup.near"),
    ({"limit": "0"}, "/limit", "1"),
    ({"limit": "201"}, "/limit", "200"),
    ({"cursor": "x"}, "/cursor", "no cursor"),
    ({"pickup_near": "\x00", "pickup_radius_mi": 5}, "/pickup_near", "control"),
]  # fmt: skip


def test_urls_that_are_no_search(board: Board, carrier: Member) -> None:
    for parameters, pointer, words in URLS:
        errors = problem(carrier.get("/v1/search", params=parameters), 422)
        assert pointer in {at for at, _ in errors}, (parameters, errors)
        text = " ".join(text for at, text in errors if at == pointer)
        assert words in text, (parameters, errors)
