"""What belongs to one alone, told by the database: two who ask at once can't both have it."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.errors import FieldError, Problem

FIELDS = {
    "organization_name_key": "name",
    "organization_usdot_key": "usdot",
    "organization_mc_key": "mc",
    "person_email_key": "email",
}


async def flush_unique(session: AsyncSession) -> None:
    """Writes what the session holds; a Problem that names the field which somebody has already."""
    try:
        await session.flush()
    except IntegrityError as error:
        diagnosis = getattr(error.orig, "diag", None)
        field = FIELDS.get(getattr(diagnosis, "constraint_name", None) or "")
        if field is None:
            raise
        taken = FieldError(pointer=f"/{field}", message="belongs to another account already")
        raise Problem(409, "taken", f"{taken.pointer} {taken.message}.", [taken]) from error
