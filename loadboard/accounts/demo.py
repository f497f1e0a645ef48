"""The demo organisations: made once, with fresh tokens each time they are asked for."""

import json
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts.passwords import hasher
from loadboard.auth import issue_token
from loadboard.db import transaction
from loadboard.models import ApiToken, Organization, Person

ACCOUNTS = (
    ("Demo Shipper", "shipper", "shipper@demo.example"),
    ("Demo Carrier", "carrier", "carrier@demo.example"),
    ("Demo Operator", "operator", "operator@demo.example"),
)
INSURED = timedelta(days=365)


async def _person(session: AsyncSession, name: str, kind: str, email: str, now: datetime) -> Person:
    person = await session.scalar(select(Person).where(Person.email == email))
    if person is None:
        organization = Organization(name=name, kind=kind)
        if kind == "carrier":
            organization.authority, organization.insured_until = "active", now.date() + INSURED
        session.add(organization)
        await session.flush()
        role = "staff" if kind == "operator" else "owner"
        person = Person(organization_id=organization.id, email=email, role=role)
        session.add(person)
        await session.flush()
    return person


async def write_demo_accounts(url: str, file: Path) -> list[dict[str, Any]]:
    """Makes the accounts where they are missing, and writes `file` for their user alone to read."""
    kept = _passwords(file)
    now = datetime.now(UTC)
    accounts = []
    async with transaction() as session:
        await session.execute(delete(ApiToken).where(ApiToken.expires_at < now))
        for name, kind, email in ACCOUNTS:
            person = await _person(session, name, kind, email, now)
            password = kept.get(email) or secrets.token_urlsafe(12)
            if person.password_hash is None or not hasher.verify(password, person.password_hash):
                person.password_hash = hasher.hash(password)
            token = await issue_token(session, person.id, now)
            accounts.append(
                {
                    "organization": name,
                    "role": kind,
                    "email": email,
                    "password": password,
                    "token": token,
                }
            )
    _write_private(file, json.dumps({"url": url, "accounts": accounts}, indent=1) + "\n")
    return accounts


def _passwords(file: Path) -> dict[str, str]:
    try:
        known = json.loads(file.read_text())["accounts"]
    except (OSError, ValueError, KeyError):
        return {}
    return {account["email"]: account["password"] for account in known}


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    part.replace(file)
