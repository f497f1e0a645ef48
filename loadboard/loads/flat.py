"""Loads as flat rows: one pickup, one delivery, values as text; and what to assume where one is missing."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from rapidfuzz import process

from loadboard.errors import FieldError, pointer

ENDS = ("pickup", "delivery")
STOP_PARTS = ("place", "zip", "lat", "lon", "from", "to")
NAMES = (
    "reference",
    "equipment",
    "full",
    "weight_lb",
    "length_ft",
    "hazmat",
    "commodity",
    "rate_usd",
    "posted_miles",
    "expires_at",
    *(f"{end}_{part}" for end in ENDS for part in STOP_PARTS),
)
WHOLE = {"weight_lb"}
NUMBERS = {
    "length_ft",
    "posted_miles",
    *(f"{end}_{axis}" for end in ENDS for axis in ("lat", "lon")),
}
YES_NO = {"full", "hazmat"}
TIMES = {"expires_at", *(f"{end}_{edge}" for end in ENDS for edge in ("from", "to"))}

_NOW = re.compile(r"now(?:([+-])(\d{1,4})([mhd]))?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Recipe:
    """How the columns of a file become ours: `renamed` theirs to ours, `assumed` ours to a value."""

    renamed: dict[str, str]
    assumed: dict[str, str]

    @property
    def theirs(self) -> dict[str, str]:
        return {ours: theirs for theirs, ours in self.renamed.items()}


def recipe(renamed: list[str], assumed: list[str]) -> Recipe:
    """From `theirs=ours` and `ours=value` as people type them; ValueError names what is wrong."""
    pairs = dict(_pair(item, "map", "theirs=ours") for item in renamed)
    values = dict(_pair(item, "assume", "ours=value") for item in assumed)
    for ours in (*pairs.values(), *values):
        if ours not in NAMES:
            near = process.extractOne(ours, NAMES)
            raise ValueError(f"{ours!r} is no column known here; did you mean {near[0]}?")
    twice = [ours for ours in pairs.values() if list(pairs.values()).count(ours) > 1]
    if twice:
        raise ValueError(f"two columns are mapped to {twice[0]}")
    return Recipe(pairs, values)


def _pair(item: str, option: str, form: str) -> tuple[str, str]:
    name, separator, value = item.partition("=")
    if not (name.strip() and separator and value.strip()):
        raise ValueError(f"{option} takes {form}, not {item!r}")
    return name.strip(), value.strip()


def unused(header: list[str], by: Recipe) -> list[str]:
    """The columns of a file that nothing is made of.

    Raises ValueError for a mapped column that is not there, for what no load can do without, and as
    `strangers` does.
    """
    for theirs in by.renamed:
        if theirs not in header:
            raise ValueError(f"the file has no column {theirs!r}; it has {', '.join(header[:40])}")
    rest = strangers(header, by)
    missing = _missing({*(by.renamed.get(name, name) for name in header), *by.assumed})
    if missing:
        raise ValueError(
            f"the file has nothing for {', '.join(missing)}; map its columns"
            f" ({', '.join(header[:40])}) or assume a value"
        )
    return rest


def strangers(names: list[str], by: Recipe) -> list[str]:
    """The names that are none of ours.

    Raises FlatError for two that stand for the same, and for one so near to a name of ours that it
    is more likely a slip than something else.
    """
    ours = [by.renamed.get(name, name) for name in names]
    for name in ours:
        if name in NAMES and ours.count(name) > 1:
            raise FlatError([FieldError(pointer=f"/{name}", message="is said by two columns")])
    rest = [name for name in names if by.renamed.get(name, name) not in NAMES]
    for name in rest:
        if near := _near(name):
            message = f"is no column known here; did you mean {near}?"
            raise FlatError([FieldError(pointer=pointer([name]), message=message)])
    return rest


@lru_cache(maxsize=10_000)
def _near(name: str) -> str | None:
    near = process.extractOne(name, NAMES, score_cutoff=90)
    return near and near[0]


def _missing(there: set[str]) -> list[str]:
    """What no load can do without and no line of the file could tell."""
    needed = ("reference", "equipment", "pickup_from", "pickup_to")
    places = [
        f"{end}_place"
        for end in ENDS
        if not there & {f"{end}_place", f"{end}_zip"} and not {f"{end}_lat", f"{end}_lon"} <= there
    ]
    return [name for name in needed if name not in there] + places


def renamed(fields: dict[str, Any], by: Recipe) -> dict[str, Any]:
    """A flat record under our names; what is empty is left out."""
    named = ((by.renamed.get(name, name), value) for name, value in fields.items())
    return {
        name: value
        for name, value in named
        if name in NAMES
        and value is not None
        and not (isinstance(value, str) and not value.strip())
    }


def assumptions_for(record: dict[str, Any], by: Recipe) -> dict[str, str]:
    return {name: value for name, value in by.assumed.items() if name not in record}


class FlatError(ValueError):
    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer} {error.message}" for error in errors))
        self.errors = errors


def nested(record: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A flat record as the load of the API. Raises FlatError for values that are no such thing."""
    load: dict[str, Any] = {}
    stops: dict[str, dict[str, Any]] = {end: {"kind": end} for end in ENDS}
    # There from the start, so that what a row lacks of it is named.
    stops["pickup"]["window"] = {}
    errors = []
    for name, value in record.items():
        try:
            value = _value(name, value, now)
        except ValueError as error:
            errors.append(FieldError(pointer=f"/{name}", message=str(error)))
            continue
        end, _, part = name.partition("_")
        if end not in ENDS:
            load["rate_cents" if name == "rate_usd" else name] = value
        elif part in {"from", "to"}:
            stops[end].setdefault("window", {})[part] = value
        else:
            stops[end][part] = value
    if errors:
        raise FlatError(errors)
    return load | {"stops": list(stops.values())}


def _value(name: str, value: Any, now: datetime) -> Any:
    if not isinstance(value, str):
        return _cents(str(value)) if name == "rate_usd" else value
    text = value.strip()
    if name == "rate_usd":
        return _cents(text)
    if name in WHOLE:
        return _whole(text)
    if name in NUMBERS:
        return _number(text)
    if name in TIMES:
        return moment_of(text, now)
    if name in YES_NO:
        if text.lower() not in _WORDS:
            raise ValueError("must be yes or no, true or false, 1 or 0")
        return _WORDS[text.lower()]
    return text


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("must be a plain number, such as 1850.00") from error
    if not number.is_finite() or abs(number) > 10**15:
        raise ValueError("must be a number of usual size")
    return number


def _whole(text: str) -> int:
    number = _decimal(text)
    if number != number.to_integral_value():
        raise ValueError("must be a whole number")
    return int(number)


def _number(text: str) -> float:
    return float(_decimal(text))


def _cents(text: str) -> int:
    cents = _decimal(text) * 100
    if cents != cents.to_integral_value():
        raise ValueError("must be dollars with at most two decimals")
    return int(cents)


def moment_of(text: str, now: datetime) -> str:
    """A time as the API takes it; `now`, `now+72h`, `now+30m` and `now-1d` count from `now`."""
    counted = _NOW.fullmatch(text)
    if counted is None:
        return text
    sign, count, unit = counted.groups()
    if sign is None:
        return now.astimezone(UTC).isoformat()
    span = timedelta(**{_UNITS[unit]: int(count)})
    return (now + span if sign == "+" else now - span).astimezone(UTC).isoformat()


def column_of(where: str, by: Recipe) -> str:
    """The column, in the file's own words, that a pointer into the load stands for."""
    parts = where.strip("/").split("/")
    # Of one pickup and one delivery only the order of the windows concerns all stops.
    ours = {"rate_cents": "rate_usd", "stops": "delivery_to"}.get(parts[0], parts[0])
    if parts[0] == "stops" and len(parts) > 1:
        end = ENDS[parts[1] != "0"]
        part = parts[-1] if parts[-1] in STOP_PARTS else "from" if "window" in parts else "place"
        ours = f"{end}_{part}"
    return f"/{by.theirs.get(ours, ours)}"
