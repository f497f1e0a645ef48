"""ETag and If-Match: nobody overwrites what they have not seen."""

from typing import Annotated

from fastapi import Header

from loadboard.errors import FieldError, Problem

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='The ETag that you saw, such as "3"')
]


def etag(version: int) -> str:
    return f'"{version}"'


def check_version(what: str, version: int, if_match: str | None) -> None:
    """A Problem unless the version that was seen is the one that stands."""
    if if_match is None:
        raise Problem(
            428,
            "precondition-required",
            f"Send the {what}'s ETag as If-Match, so that nobody's change is overwritten unseen.",
            [FieldError(pointer="/If-Match", message=f"is required, such as {etag(version)}")],
        )
    if if_match.strip() not in {"*", etag(version)}:
        raise stale(what, version)


def stale(what: str, version: int) -> Problem:
    return Problem(
        412,
        "stale",
        f"The {what} has changed since: its ETag is now {etag(version)}.",
        [FieldError(pointer="/If-Match", message=f"must be {etag(version)} or *")],
    )
