"""The listing of a load: the JSON that the board shows, one for each version of the load."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, cast, select
from sqlalchemy import Text as SqlText
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.fields import Window
from loadboard.loads.prepared import Located, Prepared
from loadboard.loads.schemas import PostedLoad, PostedStop
from loadboard.models import Event, Load


def moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _window(window: Window | None) -> dict[str, str] | None:
    if window is None:
        return None
    return {"from": moment(window.from_), "to": moment(window.to)}


def _stop(stop: PostedStop, located: Located) -> dict[str, Any]:
    lon, lat = located.point
    return {
        "kind": stop.kind,
        "place": stop.place,
        "zip": stop.zip,
        "town": located.town,
        "lat": lat,
        "lon": lon,
        "point": {"type": "Point", "coordinates": [lon, lat]},
        "state": located.state,
        "zone": located.zone,
        "window": _window(stop.window),
    }


@dataclass(frozen=True, slots=True)
class Identity:
    """What a load is, whatever its content becomes."""

    id: int
    version: int
    status: str
    organization_id: int
    organization: str
    sample: bool
    first_posted_at: datetime
    versioned_at: datetime


def build(identity: Identity, prepared: Prepared) -> dict[str, Any]:
    """The listing of one version. When it was last confirmed is no part of it: see `shown`."""
    posted = prepared.posted
    per_mile = (
        posted.rate_cents / prepared.loaded_miles
        if posted.rate_cents is not None and prepared.loaded_miles
        else None
    )
    return {
        "id": identity.id,
        "version": identity.version,
        "status": identity.status,
        "reference": posted.reference,
        "organization": {"id": identity.organization_id, "name": identity.organization},
        "equipment": posted.equipment,
        "full": posted.full,
        "weight_lb": posted.weight_lb,
        "length_ft": posted.length_ft,
        "hazmat": posted.hazmat,
        "commodity": posted.commodity,
        "rate_cents": posted.rate_cents,
        "currency": posted.currency,
        "rate_per_mile_cents": per_mile,
        "posted_miles": posted.posted_miles,
        "loaded_miles": prepared.loaded_miles,
        "miles_estimated": "road" if prepared.miles_by_road else "great_circle",
        "sample": identity.sample,
        "expires_at": posted.expires_at and moment(posted.expires_at),
        "instant": posted.instant,
        "flags": list(prepared.flags),
        "stops": [
            _stop(stop, located) for stop, located in zip(posted.stops, prepared.stops, strict=True)
        ],
        "first_posted_at": moment(identity.first_posted_at),
        "updated_at": moment(identity.versioned_at),
    }


def posted_of(listing: dict[str, Any], private: dict[str, Any]) -> dict[str, Any]:
    """The load as its poster would send it, out of its listing and what only the poster is told."""
    known = listing | private
    posted = {name: known[name] for name in PostedLoad.model_fields if name in known}
    addresses = private["addresses"] or [None] * len(listing["stops"])
    return posted | {"stops": list(map(_posted_stop, listing["stops"], addresses))}


def _posted_stop(stop: dict[str, Any], address: str | None) -> dict[str, Any]:
    names = next(([name] for name in ("place", "zip") if stop[name] is not None), ["lat", "lon"])
    return {name: stop[name] for name in ("kind", "window", *names)} | {"address": address}


def current_listing(load: type[Load] = Load) -> ColumnElement[bool]:
    """Joins a load to the event that made its current version, touching one partition."""
    return and_(
        Event.load_id == load.id,
        Event.version == load.version,
        Event.at == load.versioned_at,
        Event.listing.is_not(None),
    )


def listings() -> Select[int, str, datetime]:
    """Loads with the text of their listing and when they were last confirmed."""
    return select(Load.id, cast(Event.listing, SqlText), Load.confirmed_at).join(
        Event, current_listing()
    )


def shown(listing: str | bytes, confirmed_at: datetime, **measured: Any) -> bytes:
    """A listing as it is answered: its stored text, and behind it what changes without a version."""
    rest = orjson.dumps({"confirmed_at": moment(confirmed_at), **measured})
    text = listing.encode() if isinstance(listing, str) else listing
    return text[:-1] + b"," + rest[1:]


def page(items: Sequence[bytes], total: int, next_cursor: str | None, **members: Any) -> bytes:
    end = orjson.dumps({"total": total, "next_cursor": next_cursor, **members})
    return b'{"items":[' + b",".join(items) + b"]," + end[1:]


async def listing_of(session: AsyncSession, load: Load) -> tuple[str, datetime]:
    row = (await session.execute(listings().where(Load.id == load.id))).one()
    return row[1], row[2]
