"""/v1/sign-in/oidc: to an outside issuer and back, by the browser.

The page gets a refresh token that is good for a minute, in the fragment of its address, which no server
is sent and no log keeps; it exchanges it at once.
"""

from datetime import UTC, datetime
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Query, Response
from fastapi.responses import RedirectResponse

from loadboard.accounts import oidc
from loadboard.errors import Problem, documented
from loadboard.settings import settings

# Issuers add parameters of their own to the way back, so these routes are not strict.
router = APIRouter(prefix="/v1/sign-in/oidc", tags=["signing in"])

COOKIE = "loadboard_oidc"
KEPT_S = 600
FOUND: dict[int | str, dict[str, Any]] = {
    303: {"description": "To the issuer, or back to the page"}
}
Short = Annotated[str | None, Query(max_length=4000)]


def _check_set() -> None:
    if not settings().oidc_issuer:
        raise Problem(404, "not-found", "No issuer of sign-ins is set here.")


@router.get(
    "",
    status_code=303,
    response_class=RedirectResponse,
    responses={**FOUND, **documented(404, 503)},
)
async def begin() -> Response:
    """Send the browser to the issuer to sign in."""
    _check_set()
    started = oidc.start()
    answer = RedirectResponse(await oidc.authorization_url(started), 303)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_cookie(
        COOKIE,
        ".".join(started),
        max_age=KEPT_S,
        path=router.prefix,
        secure=settings().public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(
    "/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses={**FOUND, **documented(401, 404, 422, 503)},
)
async def callback(
    kept: Annotated[str | None, Cookie(alias=COOKIE, max_length=500)] = None,
    state: Short = None,
    code: Short = None,
    iss: Short = None,
    error: Short = None,
) -> Response:
    """Back from the issuer: to the page, with `#refresh_token=…` for it to exchange at once."""
    _check_set()
    parts = (kept or "").split(".")
    # Without it somebody else's sign-in could be slipped in here.
    is_whole = len(parts) == len(oidc.Started._fields) and all(parts)
    if not is_whole or not compare_digest(parts[0].encode(), (state or "").encode()):
        raise oidc.refused("the state is not that of this browser")
    if iss not in {None, settings().oidc_issuer}:
        raise oidc.refused("the answer is another issuer's")
    if code is None:
        raise oidc.refused(f"no code: {error}")
    tokens = await oidc.sign_in(code, oidc.Started(*parts), datetime.now(UTC))
    page = f"{settings().public_url.rstrip('/')}/#refresh_token={tokens.refresh_token}"
    answer = RedirectResponse(page, 303)
    answer.headers["Cache-Control"] = "no-store"
    answer.delete_cookie(COOKIE, path=router.prefix)
    return answer
