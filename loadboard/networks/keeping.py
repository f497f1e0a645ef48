"""A poster's networks and who is in them. Every change is told to those who see other loads by it."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.errors import UniqueViolation
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.errors import FieldError, Problem, not_found
from loadboard.models import Audience, Load, Network, NetworkMember
from loadboard.networks.partners import found, listed
from loadboard.networks.schemas import (
    NetworkIn,
    NetworkOut,
    NetworkPage,
    OrganizationRef,
    PartnerPage,
)
from loadboard.paging import Paged, decode, encode, last_id
from loadboard.sight import record_change

CARRIER = frozenset({"carrier"})


async def own_network(session: AsyncSession, principal: Principal, network_id: int) -> Network:
    """A network of the asker's organisation, held until the transaction ends."""
    network = await session.get(Network, network_id, with_for_update=True)
    if network is None or network.organization_id != principal.organization_id:
        raise not_found("network")
    return network


async def create(session: AsyncSession, principal: Principal, said: NetworkIn) -> NetworkOut:
    network = Network(organization_id=principal.organization_id, name=said.name)
    await _named(session, network, said.name)
    return await shown(session, network)


async def rename(
    session: AsyncSession, principal: Principal, network_id: int, said: NetworkIn
) -> NetworkOut:
    network = await own_network(session, principal, network_id)
    await _named(session, network, said.name)
    return await shown(session, network)


async def _named(session: AsyncSession, network: Network, name: str) -> None:
    try:
        async with session.begin_nested():
            network.name = name
            session.add(network)
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        message = "is the name of another network of yours"
        field = FieldError(pointer="/name", message=message)
        raise Problem(409, "name-taken", f"{field.pointer} {message}", [field]) from error


async def shown(session: AsyncSession, network: Network) -> NetworkOut:
    of = NetworkMember.network_id == network.id
    members = await session.scalar(select(func.count()).select_from(NetworkMember).where(of))
    return NetworkOut(
        id=network.id, name=network.name, members=members or 0, created_at=network.created_at
    )


async def own_networks(session: AsyncSession, principal: Principal, query: Paged) -> NetworkPage:
    """The networks of an organisation, by their ids."""
    of, mine = ["networks", principal.organization_id], principal.organization_id
    own = select(Network).where(Network.organization_id == mine)
    total = await session.scalar(select(func.count()).select_from(own.subquery()))
    if query.cursor is not None:
        own = own.where(Network.id > decode(of, query.cursor, last_id))
    rows = (await session.scalars(own.order_by(Network.id).limit(query.limit + 1))).all()
    items = [await shown(session, network) for network in rows[: query.limit]]
    more = encode(of, [items[-1].id]) if len(rows) > query.limit else None
    return NetworkPage(items=items, total=total or 0, next_cursor=more)


async def remove(
    session: AsyncSession, principal: Principal, network_id: int, now: datetime
) -> None:
    """Ends a network that no open load is for: such a load would be seen by nobody, unnoticed."""
    network = await own_network(session, principal, network_id)
    meant = select(Audience.id).where(
        Audience.organization_id == principal.organization_id,
        Audience.networks.contains([network.id]),
    )
    for_it = select(func.count()).where(
        Load.organization_id == principal.organization_id,
        Load.status == "posted",
        Load.audience_id.in_(meant),
    )
    if loads := await session.scalar(for_it):
        detail = f"{loads} posted loads are for this network; change their audience, or close them."
        raise Problem(409, "network-in-use", detail, loads=loads)
    await _tell(session, principal, now, networks=[network.id])
    await session.delete(network)


async def members(
    session: AsyncSession, principal: Principal, network_id: int, query: Paged
) -> PartnerPage:
    network = await own_network(session, principal, network_id)
    which = NetworkMember.network_id == network.id
    of = ["members", network.id]
    return await listed(
        session, query, of, NetworkMember.organization_id, NetworkMember.added_at, which
    )


async def add_member(
    session: AsyncSession,
    principal: Principal,
    network_id: int,
    ref: OrganizationRef,
    now: datetime,
) -> NetworkOut:
    """Takes a carrier into a network; once more changes nothing."""
    network = await own_network(session, principal, network_id)
    carrier = await found(session, ref, CARRIER)
    row = {"network_id": network.id, "organization_id": carrier.id, "added_at": now}
    added = insert(NetworkMember).values(row).on_conflict_do_nothing()
    if (await session.execute(added.returning(NetworkMember.network_id))).all():
        await _tell(session, principal, now, carriers=[carrier.id])
    return await shown(session, network)


async def remove_member(
    session: AsyncSession, principal: Principal, network_id: int, carrier_id: int, now: datetime
) -> None:
    network = await own_network(session, principal, network_id)
    gone = delete(NetworkMember).where(
        NetworkMember.network_id == network.id, NetworkMember.organization_id == carrier_id
    )
    if not (await session.execute(gone.returning(NetworkMember.network_id))).all():
        raise not_found("member of this network")
    await _tell(session, principal, now, carriers=[carrier_id])


async def _tell(
    session: AsyncSession,
    principal: Principal,
    now: datetime,
    carriers: Sequence[int] = (),
    networks: Sequence[int] = (),
) -> None:
    who = principal.organization_id, principal.person_id
    await record_change(session, *who, now, carriers=carriers, networks=networks)
