"""A load with all that was worked out about it, ready to be stored."""

from dataclasses import dataclass
from datetime import datetime

from geo.points import Point
from loadboard.loads.schemas import PostedLoad


@dataclass(frozen=True, slots=True)
class Located:
    """Where a stop is."""

    point: Point
    town: str | None
    state: str | None
    zone: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A posted load with everything that we work out about it."""

    posted: PostedLoad
    stops: tuple[Located, ...]
    loaded_miles: float
    miles_by_road: bool
    pickup_cells: tuple[int | None, ...] = ()
    delivery_cells: tuple[int | None, ...] = ()
    audience_id: int | None = None
    freight: int = 0
    flags: tuple[str, ...] = ()

    @property
    def open_until(self) -> datetime:
        window = self.posted.stops[0].window
        assert window is not None
        return min(window.to, self.posted.expires_at or window.to)
