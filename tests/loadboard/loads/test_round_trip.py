"""Whatever a file says is read back as it was said: nothing is altered in silence."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.equipment import EQUIPMENT
from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import START, rows
from tests.loadboard.loads.test_importing import as_csv, as_ndjson, counts, send

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100).filter(
    lambda text: text.strip() == text
)
moments = st.integers(0, 10**12).map(
    lambda microseconds: START + timedelta(microseconds=microseconds)
)
coordinates = st.tuples(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))


@st.composite
def windows(draw: st.DrawFn, earliest: datetime) -> tuple[datetime, datetime]:
    begin, end = sorted((draw(moments), draw(moments)))
    return max(begin, earliest), max(end, earliest)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """A row with the values that it means, None for what it does not tell."""
    pickup = draw(windows(START))
    delivery = draw(st.none() | windows(pickup[0]))
    return {
        "equipment": draw(st.sampled_from(sorted(EQUIPMENT))),
        "full": draw(st.booleans()),
        "hazmat": draw(st.booleans()),
        "weight_lb": draw(st.none() | st.integers(1, 1_000_000)),
        "length_ft": draw(st.none() | st.floats(0.1, 1_000)),
        "commodity": draw(st.none() | texts),
        "rate_cents": draw(st.none() | st.integers(1, 10**9)),
        "posted_miles": draw(st.none() | st.floats(0.1, 50_000)),
        "expires_at": draw(st.none() | moments),
        "pickup": (draw(coordinates), pickup),
        "delivery": (draw(coordinates), delivery),
    }


def utc(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat()


def as_row(number: int, meant: dict[str, Any]) -> dict[str, str]:
    def said(value: Any) -> str:
        return "" if value is None else str(value)

    cents = meant["rate_cents"]
    row = {
        "reference": f"R{number}",
        "rate_usd": "" if cents is None else f"{cents // 100}.{cents % 100:02}",
        "expires_at": utc(meant["expires_at"]),
    }
    for name in (
        "equipment",
        "full",
        "hazmat",
        "weight_lb",
        "length_ft",
        "commodity",
        "posted_miles",
    ):
        row[name] = said(meant[name])
    for end in ("pickup", "delivery"):
        (lat, lon), window = meant[end]
        begin, until = window or (None, None)
        row |= {f"{end}_lat": repr(lat), f"{end}_lon": repr(lon)}
        row |= {f"{end}_from": utc(begin), f"{end}_to": utc(until)}
    return row


def read_back(listing: dict[str, Any]) -> dict[str, Any]:
    def when(text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)

    meant = {name: listing[name] for name in (
        "equipment", "full", "hazmat", "weight_lb", "length_ft", "commodity", "rate_cents", "posted_miles",
    )}  # fmt: skip
    meant["expires_at"] = when(listing["expires_at"])
    for end, stop in zip(("pickup", "delivery"), listing["stops"], strict=True):
        window = stop["window"] and (when(stop["window"]["from"]), when(stop["window"]["to"]))
        meant[end] = ((stop["lat"], stop["lon"]), window)
    return meant


@settings(
    max_examples=15,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(meant=st.lists(records(), min_size=1, max_size=20))
def test_what_is_imported_is_what_the_file_says(
    shipper: Member, database_url: str, meant: list[dict[str, Any]]
) -> None:
    there = len(rows(database_url, "SELECT FROM load"))
    file = [as_row(there + number, each) for number, each in enumerate(meant)]
    assert counts(send(shipper, as_csv(file))) == (len(meant), 0, 0, 0)
    # The same as JSON: the same loads.
    assert counts(send(shipper, as_ndjson(file))) == (0, 0, len(meant), 0)
    found = shipper.get("/v1/loads", params={"limit": len(meant)}).json()["items"]
    assert [item["reference"] for item in found] == [row["reference"] for row in file[::-1]]
    assert [read_back(item) for item in found[::-1]] == meant
    stored = rows(database_url, "SELECT * FROM load ORDER BY id")[-len(meant) :]
    for each, row in zip(meant, stored, strict=True):
        columns = (
            "weight_lb",
            "length_ft",
            "commodity",
            "rate_cents",
            "posted_miles",
            "expires_at",
        )
        assert [row[name] for name in columns] == [each[name] for name in columns]
        assert (row["pickup_lat"], row["pickup_lon"]) == each["pickup"][0]
        assert (row["pickup_from"], row["pickup_to"]) == each["pickup"][1]
        assert (row["delivery_from"], row["delivery_to"]) == (each["delivery"][1] or (None, None))
