"""The rate confirmation: what was agreed when a load was booked, as a page to print.

It is made of the booking's frozen terms alone, so that it comes out the same for ever, to the byte.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import font_roboto
from fpdf import FPDF, XPos, YPos

from loadboard.models import Booking
from matching.equipment import EQUIPMENT

Line = tuple[str, str]
_LABEL_MM, _LINE_MM = 42, 6


def confirmed(booking: Booking) -> dict[str, Any]:
    """The terms, and whose they are."""
    return {"booking_id": booking.id, **booking.terms}


def printed(terms: dict[str, Any]) -> bytes:
    """The same as a PDF."""
    pdf = FPDF(format="Letter")
    pdf.set_creation_date(datetime.fromisoformat(terms["agreed_at"]))
    pdf.set_title(f"Rate confirmation {terms['booking_id']}")
    pdf.add_font("Roboto", "", font_roboto.font_files["Roboto"])
    pdf.add_font("Roboto", "B", font_roboto.font_files["RobotoBold"])
    pdf.add_page()
    _write(pdf, "Rate confirmation", size=20, style="B")
    for heading, lines in _sections(terms):
        pdf.ln(3)
        _write(pdf, heading, size=12, style="B")
        for label, value in lines:
            _row(pdf, label, value)
    return bytes(pdf.output())


def _write(pdf: FPDF, words: str, *, size: int, style: str = "") -> None:
    pdf.set_font("Roboto", style, size)
    pdf.multi_cell(0, size / 2, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _row(pdf: FPDF, label: str, value: str) -> None:
    pdf.set_font("Roboto", "", 10)
    pdf.cell(_LABEL_MM, _LINE_MM, label)
    pdf.multi_cell(0, _LINE_MM, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _sections(terms: dict[str, Any]) -> Iterator[tuple[str, list[Line]]]:
    load = terms["load"]
    yield "Agreement", _agreement(terms)
    yield "Poster", _party(terms["poster"])
    yield "Carrier", _party(terms["carrier"])
    yield "Freight", _freight(load)
    for number, stop in enumerate(load["stops"], 1):
        yield f"Stop {number}: {stop['kind']}", _stop(stop)


def _agreement(terms: dict[str, Any]) -> list[Line]:
    lines = [
        ("Booking", str(terms["booking_id"])),
        ("Reference", terms["load"]["reference"]),
        ("Agreed at", f"{_local(terms['agreed_at'], 'UTC')}"),
        ("Rate", f"{terms['currency']} {terms['rate_cents'] / 100:,.2f}, all in"),
    ]
    return lines + ([("Note", terms["note"])] if terms["note"] else [])


def _party(party: dict[str, Any]) -> list[Line]:
    numbers = [("USDOT", party["usdot"]), ("MC", party["mc"])]
    return [("Name", party["name"]), *((label, number) for label, number in numbers if number)]


def _freight(load: dict[str, Any]) -> list[Line]:
    unknown = "not given"
    return [
        ("Equipment", f"{EQUIPMENT[load['equipment']].name}, {'full' if load['full'] else 'partial'}"),
        ("Commodity", load["commodity"] or unknown),
        ("Weight", f"{load['weight_lb']:,} lb" if load["weight_lb"] else unknown),
        ("Length", f"{load['length_ft']:g} ft" if load["length_ft"] else unknown),
        ("Hazardous", "yes" if load["hazmat"] else "no"),
        ("Loaded miles", f"{load['loaded_miles']:,.0f}, estimated"),
    ]  # fmt: skip


def _stop(stop: dict[str, Any]) -> list[Line]:
    place = (
        stop["place"] or stop["zip"] or f"{stop['lat']:.4f}, {stop['lon']:.4f} near {stop['town']}"
    )
    window = stop["window"]
    if window is None:
        return [("Place", place), ("Time", "not given")]
    begin, end = (_local(window[name], stop["zone"]) for name in ("from", "to"))
    return [("Place", place), ("From", begin), ("To", end)]


def _local(moment: str, zone: str) -> str:
    return (
        datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).strftime("%a %d %b %Y, %H:%M %Z")
    )
