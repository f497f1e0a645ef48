"""POST /v1/loads/import: a file of loads over HTTP."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from loadboard.errors import FieldError, documented, invalid
from loadboard.fields import Strictly
from loadboard.idempotency import IGNORED
from loadboard.loads.files import FileError
from loadboard.loads.flat import recipe
from loadboard.loads.importing import import_file
from loadboard.loads.posting import Sender
from loadboard.permissions import Poster
from loadboard.settings import settings
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/loads", tags=["loads"], route_class=StrictRoute)

# Small enough that other requests of this process hardly notice a batch.
BATCH = 500


class RefusedLine(BaseModel):
    line: int
    pointer: str
    message: str


class ImportReport(BaseModel):
    created: int
    updated: int
    unchanged: int
    refused: int
    refusals: list[RefusedLine]
    refusals_left_out: int
    unused_columns: list[str]
    assumed: dict[str, int] = Field(description="How many lines each assumption filled")


class ImportQuery(Strictly):
    map: list[str] = Field([], max_length=100, description="theirs=ours, for each column")
    assume: list[str] = Field(
        [], max_length=100, description="ours=value, such as pickup_to=now+72h"
    )


@router.post(
    "/import",
    responses=documented(400, 401, 403, 413, 422, 503),
    openapi_extra={
        **IGNORED,
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("text/csv", "application/x-ndjson", "application/gzip")
            },
        },
    },
)
async def import_loads(
    query: Annotated[ImportQuery, Query()], request: Request, who: Poster
) -> ImportReport:
    """Store the loads of a CSV or NDJSON file, gzip or not. The same file again changes nothing.

    Nothing is stored of a file that can't be read to its end.
    """
    try:
        by = recipe(query.map, query.assume)
    except ValueError as error:
        raise invalid(FieldError(pointer="/map", message=str(error))) from error
    sender = Sender(who.organization_id, who.organization, who.person_id)
    with tempfile.TemporaryDirectory(prefix="loadboard-import-") as folder:
        path = Path(folder) / "file"
        await _receive(request, path)
        try:
            largest = settings().max_import_mb << 20
            report = await import_file(path, sender, by, batch=BATCH, largest=largest)
        except FileError as error:
            raise invalid(FieldError(pointer="", message=f"The file {error}")) from error
        except ValueError as error:
            raise invalid(FieldError(pointer="/map", message=str(error))) from error
    return ImportReport.model_validate(report, from_attributes=True)


async def _receive(request: Request, path: Path) -> None:
    with path.open("wb") as file:
        async for chunk in request.stream():
            file.write(chunk)
