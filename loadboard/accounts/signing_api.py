"""/v1/sign-in and /v1/sign-out. What begins with /v1/sign-in asks for no token: it gives one."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, Field, SecretStr

from loadboard.accounts import inviting, signing
from loadboard.accounts.passwords import NewPassword, Password
from loadboard.auth import Who, bearer
from loadboard.db import Session
from loadboard.errors import Problem, documented
from loadboard.fields import Email, Name, Strictly
from loadboard.idempotency import IGNORED, NO_STORE
from loadboard.settings import settings
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["signing in"], route_class=StrictRoute)

Secret = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class SignIn(Strictly):
    email: Email
    password: Password


class PasswordChange(Strictly):
    password: Password = Field(description="The present one")
    new_password: NewPassword


class Refresh(Strictly):
    refresh_token: Secret


class Acceptance(Strictly):
    token: Secret = Field(description="Of the invitation")
    name: Name | None = Field(None, description="Required to join; not to set a new password")
    password: NewPassword


class Ways(BaseModel):
    oidc: bool = Field(description="Whether /v1/sign-in/oidc leads to an issuer")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return documented(400, 401, 413, 422, 503, *statuses)


@router.get("/sign-in", responses=documented(422))
async def ways_to_sign_in() -> Ways:
    """How one can sign in here beside a password, for pages that offer it."""
    return Ways(oidc=bool(settings().oidc_issuer))


@router.post("/sign-in", responses=_refusals(), openapi_extra=IGNORED)
async def sign_in(said: SignIn, request: Request, response: Response) -> signing.Tokens:
    """Sign in with e-mail and password."""
    response.headers["Cache-Control"] = NO_STORE
    return await signing.with_password(
        said.email, said.password, _address(request), datetime.now(UTC)
    )


@router.post("/sign-in/refresh", responses=_refusals(), openapi_extra=IGNORED)
async def refresh(said: Refresh, response: Response) -> signing.Tokens:
    """New tokens for a refresh token. Each is good once: used again, it ends its sign-in and all its tokens."""
    response.headers["Cache-Control"] = NO_STORE
    return await signing.refresh(said.refresh_token, datetime.now(UTC))


@router.post("/sign-in/invitation", responses=_refusals(409), openapi_extra=IGNORED)
async def accept_invitation(said: Acceptance, response: Response) -> signing.Tokens:
    """Join an organisation by an invitation, or set a new password by one, and sign in."""
    response.headers["Cache-Control"] = NO_STORE
    return await inviting.accept(said.token, said.name, said.password, datetime.now(UTC))


@router.post(
    "/sign-out",
    status_code=204,
    responses=documented(401, 403, 422, 503),
    openapi_extra=IGNORED,
)
async def sign_out(
    who: Who,
    session: Session,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> None:
    """End the sign-in that this token came of, with all its tokens."""
    if who.key_id is not None:
        raise Problem(403, "forbidden", "A key is not signed in; revoke it instead.")
    await signing.sign_out(session, who, credentials.credentials, datetime.now(UTC))


@router.post("/me/password", responses=_refusals(403), openapi_extra=IGNORED)
async def change_password(
    said: PasswordChange, who: Who, request: Request, response: Response
) -> signing.Tokens:
    """Set another password. Every other sign-in of this person ends."""
    if who.email is None:
        raise Problem(403, "forbidden", "A key has no password.")
    response.headers["Cache-Control"] = NO_STORE
    return await signing.change_password(
        who.email, said.password, said.new_password, _address(request), datetime.now(UTC)
    )
