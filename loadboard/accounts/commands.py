"""`loadboard org`, `user` and `key`: accounts by command, for whoever runs the service.

Each prints what it made as JSON, a line for each, so that scripts can read it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts import inviting, keys, organizations, people
from loadboard.console import run
from loadboard.db import transaction
from loadboard.errors import Problem, message
from loadboard.fields import Email
from loadboard.models import ApiKey, Organization, Person
from loadboard.paging import MAX_LIMIT, Paged
from loadboard.permissions import SCOPES

org = typer.Typer(no_args_is_help=True, help="Organisations: make, list, verify, suspend.")
user = typer.Typer(no_args_is_help=True, help="People: invite, list, disable, reset passwords.")
key = typer.Typer(no_args_is_help=True, help="API keys: make, list, revoke.")
GROUPS = {"org": org, "user": user, "key": key}

OrganizationName = Annotated[str, typer.Argument(help="The organisation's name")]
PersonEmail = Annotated[str, typer.Argument(help="The person's e-mail")]
ANY_VERSION = "*"


def _do(work: Callable[[AsyncSession, datetime], Awaitable[list[BaseModel]]]) -> None:
    """One transaction, and what came of it; what was refused is said as the API says it."""

    async def within() -> list[BaseModel]:
        async with transaction() as session:
            return await work(session, datetime.now(UTC))

    try:
        made = run(within())
    except Problem as problem:
        raise typer.BadParameter(problem.detail) from problem
    except ValidationError as error:
        said = (
            f"{item['loc'][0] if item['loc'] else ''} {message(item)}" for item in error.errors()
        )
        raise typer.BadParameter("; ".join(said)) from error
    for one in made:
        typer.echo(one.model_dump_json())


def _email(said: str) -> str:
    address: str = TypeAdapter(Email).validate_python(said)
    return address


async def _organization(session: AsyncSession, name: str) -> Organization:
    found = await session.scalar(select(Organization).where(Organization.name == name))
    if found is None:
        raise typer.BadParameter(f"there is no organisation {name!r}; see loadboard org list")
    return found


async def _person(session: AsyncSession, email: str) -> Person:
    found = await session.scalar(select(Person).where(Person.email == email.strip().lower()))
    if found is None:
        raise typer.BadParameter(f"there is no person {email!r}; see loadboard user list")
    return found


async def _all(page: Callable[[Paged], Awaitable[Any]]) -> list[BaseModel]:
    """Every item of a list, page by page."""
    items: list[BaseModel] = []
    cursor = None
    while True:
        found = await page(Paged(limit=MAX_LIMIT, cursor=cursor))
        items += found.items
        cursor = found.next_cursor
        if cursor is None:
            return items


@org.command("create")
def create_organization(
    name: OrganizationName,
    kind: Annotated[str, typer.Argument(help="shipper, broker, carrier or operator")],
    owner: Annotated[str, typer.Option(help="E-mail of its first owner, who is invited")],
    usdot: Annotated[str | None, typer.Option(help="USDOT number")] = None,
    mc: Annotated[str | None, typer.Option(help="MC number")] = None,
) -> None:
    """Make an organisation; prints it with the secret of its first owner's invitation."""

    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        said = organizations.Registration.model_validate(
            {"name": name, "kind": kind, "usdot": usdot, "mc": mc, "owner_email": owner}
        )
        return [await organizations.create(session, said, None, now)]

    _do(work)


@org.command("list")
def list_organizations(
    q: Annotated[str | None, typer.Argument(help="Part of the name, or a number")] = None,
) -> None:
    """List organisations, newest first."""

    async def work(session: AsyncSession, _: datetime) -> list[BaseModel]:
        return await _all(
            lambda asked: organizations.search(
                session, organizations.Sought(q=q, limit=asked.limit, cursor=asked.cursor)
            )
        )

    _do(work)


def _change(name: str, **wanted: Any) -> None:
    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        change = organizations.OrganizationChange.model_validate(wanted)
        number = (await _organization(session, name)).id
        return [await organizations.change(session, number, ANY_VERSION, change, None, now)]

    _do(work)


@org.command()
def verify(
    name: OrganizationName,
    authority: Annotated[str | None, typer.Option(help="unknown, active or inactive")] = None,
    insured_until: Annotated[str | None, typer.Option(help="A day, such as 2026-11-24")] = None,
) -> None:
    """Put on record what was verified of a carrier: operating authority, insurance."""
    said = {"authority": authority, "insured_until": insured_until}
    _change(name, **{field: value for field, value in said.items() if value is not None})


@org.command()
def suspend(name: OrganizationName) -> None:
    """Shut an organisation out, at once."""
    _change(name, suspended=True)


@org.command()
def restore(name: OrganizationName) -> None:
    """Let a suspended organisation in again."""
    _change(name, suspended=False)


@user.command("list")
def list_people(organization: OrganizationName) -> None:
    """List the people of an organisation."""

    async def work(session: AsyncSession, _: datetime) -> list[BaseModel]:
        found = await _organization(session, organization)
        return await _all(lambda asked: people.people(session, found.id, asked))

    _do(work)


@user.command("invite")
def invite_person(
    organization: OrganizationName,
    email: PersonEmail,
    role: Annotated[str, typer.Option(help="owner, dispatcher, driver, accountant, viewer; staff")],
) -> None:
    """Invite somebody to an organisation; prints the secret to hand on."""

    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        found = await _organization(session, organization)
        return [await inviting.invite(session, found, _email(email), role, None, now)]

    _do(work)


def _set_disabled(email: str, disabled: bool) -> None:
    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        person = await _person(session, email)
        wanted = people.PersonChange(disabled=disabled)
        return [
            await people.change(
                session, person.organization_id, person.id, ANY_VERSION, wanted, None, now
            )
        ]

    _do(work)


@user.command()
def disable(email: PersonEmail) -> None:
    """Shut a person out, at once."""
    _set_disabled(email, True)


@user.command()
def enable(email: PersonEmail) -> None:
    """Let a disabled person in again."""
    _set_disabled(email, False)


@user.command("reset-password")
def reset_password(email: PersonEmail) -> None:
    """Print a secret with which the person sets a new password; the old one is good until then."""

    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        return [await inviting.reset(session, await _person(session, email), now)]

    _do(work)


@key.command("create")
def create_key(
    organization: OrganizationName,
    name: Annotated[str, typer.Argument(help="What the key is for")],
    role: Annotated[str, typer.Option(help="In which role it acts")],
    scope: Annotated[list[str], typer.Option(help=f"Of {', '.join(sorted(SCOPES))}")],
    days: Annotated[int, typer.Option(help="How long it is good for")] = keys.USUAL_DAYS,
) -> None:
    """Make a key, and print it, this once."""

    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        said = {"name": name, "role": role, "scopes": scope, "days": days}
        wanted = keys.KeyIn.model_validate(said)
        found = await _organization(session, organization)
        return [await keys.create(session, found.id, found.kind, wanted, None, now)]

    _do(work)


@key.command("list")
def list_keys(organization: OrganizationName) -> None:
    """List the keys of an organisation."""

    async def work(session: AsyncSession, _: datetime) -> list[BaseModel]:
        found = await _organization(session, organization)
        return await _all(lambda asked: keys.keys(session, found.id, asked))

    _do(work)


@key.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="What the key begins with: lb_…_")],
) -> None:
    """End a key, at once."""

    async def work(session: AsyncSession, now: datetime) -> list[BaseModel]:
        named = prefix.removeprefix("lb_").rstrip("_")
        found = await session.scalar(select(ApiKey).where(ApiKey.prefix == named))
        if found is None:
            raise typer.BadParameter(f"there is no key {prefix!r}; see loadboard key list")
        return [await keys.revoke(session, found.organization_id, found.id, None, now)]

    _do(work)
