"""ETags of what has no version of its own: made of what is shown, so they change when that does."""

import hashlib
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from loadboard.errors import FieldError, Problem

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag of what is to be changed")
]


def etag(shown: BaseModel) -> str:
    return f'"{hashlib.blake2b(shown.model_dump_json().encode(), digest_size=9).hexdigest()}"'


def check_match(shown: BaseModel, if_match: str | None) -> None:
    """A Problem, unless the change is meant for what is there now."""
    now = etag(shown)
    if if_match is None:
        error = FieldError(pointer="/If-Match", message=f"is required, such as {now}")
        detail = "Send the ETag as If-Match, so that nobody's change is overwritten unseen."
        raise Problem(428, "precondition-required", detail, [error])
    if if_match.strip() not in {"*", now}:
        error = FieldError(pointer="/If-Match", message=f"must be {now} or *")
        raise Problem(412, "stale", f"It has changed since: its ETag is now {now}.", [error])
