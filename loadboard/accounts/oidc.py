"""Signing in at an outside OpenID Connect issuer, by the code flow with state, nonce and PKCE.

Nothing that a token says of itself is believed before its signature is: one algorithm alone is taken,
with a key that the issuer publishes under the token's `kid`, for our client id, from that issuer.
"""

import base64
import hashlib
import secrets
from datetime import datetime
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

import httpx
import jwt
import structlog
from cachetools import TTLCache
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts import signing
from loadboard.accounts.guessing import SIGN_INS
from loadboard.accounts.record import note
from loadboard.db import transaction
from loadboard.errors import Problem
from loadboard.models import Login, Organization, Person
from loadboard.settings import settings

TIMEOUT_S = 5.0
# Clocks of two machines differ by so much.
LEEWAY_S = 30
DESCRIBED_S, KEYS_S = 3600, 600
LARGEST = 1 << 20
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
log = structlog.get_logger()


class Started(NamedTuple):
    """What the browser keeps while its person signs in elsewhere."""

    state: str
    nonce: str
    verifier: str


class Issuer(BaseModel):
    """What of an issuer's own description is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


_issuers: TTLCache[str, Issuer] = TTLCache(maxsize=4, ttl=DESCRIBED_S)
_keys: TTLCache[str, dict[str, jwt.PyJWK]] = TTLCache(maxsize=4, ttl=KEYS_S)


def redirect_uri() -> str:
    return f"{settings().public_url.rstrip('/')}/v1/sign-in/oidc/callback"


def start() -> Started:
    return Started(*(secrets.token_urlsafe(32) for _ in Started._fields))


async def authorization_url(started: Started) -> str:
    """Where the browser goes to sign in."""
    challenge = hashlib.sha256(started.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "scope": "openid email",
        "client_id": settings().oidc_client_id,
        "redirect_uri": redirect_uri(),
        "state": started.state,
        "nonce": started.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    endpoint = (await _issuer()).authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


async def sign_in(code: str, started: Started, now: datetime) -> signing.Tokens:
    """Tokens for whom the issuer vouches for. They are for the page alone, which exchanges them at once."""
    claims = await _verified(await _id_token(code, started.verifier))
    if not compare_digest(str(claims["nonce"]), started.nonce):
        raise refused("the nonce is another sign-in's")
    async with transaction() as session:
        person = await _person(session, claims, now)
        tokens = await signing.start(session, person.id, now, signing.HAND_OVER) if person else None
    if tokens is None:
        raise refused("no account here is linked with it, or may be")
    SIGN_INS.labels("oidc", "done").inc()
    return tokens


def refused(why: str) -> Problem:
    """The reason is logged; whoever forges tokens is not told how far they came."""
    log.info("oidc_refused", why=why[:200])
    return signing.refused("This sign-in elsewhere is not good for an account here.", "oidc")


async def _ask(method: str, url: str, **options: Any) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            answer = await client.request(method, url, **options)
            found = answer.json() if answer.is_success and len(answer.content) < LARGEST else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.warning("oidc_unavailable", error=type(error).__name__)
        raise _unavailable() from error
    if answer.is_client_error and method == "POST":
        raise refused("the issuer refused the code")
    if not isinstance(found, dict):
        log.warning("oidc_unavailable", status=answer.status_code)
        raise _unavailable()
    return found


def _unavailable() -> Problem:
    detail = "The issuer of sign-ins can't be reached just now, or answers nonsense."
    return Problem(503, "issuer-unavailable", detail, headers={"Retry-After": "10"})


async def _issuer() -> Issuer:
    """The issuer's description of itself, which must be of the very issuer that was set."""
    name = settings().oidc_issuer
    known = _issuers.get(name)
    if known is None:
        url = f"{name.rstrip('/')}/.well-known/openid-configuration"
        try:
            known = Issuer.model_validate(await _ask("GET", url))
        except ValueError as error:
            raise _unavailable() from error
        if known.issuer != name:
            log.error("oidc_issuer_differs", found=known.issuer[:200])
            raise _unavailable()
        _issuers[name] = known
    return known


async def _id_token(code: str, verifier: str) -> str:
    answer = await _ask(
        "POST",
        (await _issuer()).token_endpoint,
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri(),
            "code_verifier": verifier,
        },
        # As forms write it (RFC 6749, 2.3.1), or a colon in the id would end it.
        auth=(
            quote_plus(settings().oidc_client_id),
            quote_plus(settings().oidc_client_secret.get_secret_value()),
        ),
    )
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise refused("the issuer gave no id_token")
    return token


async def _verified(token: str) -> dict[str, Any]:
    """The claims of an ID token that is what it should be in every way."""
    issuer = await _issuer()
    try:
        header = jwt.get_unverified_header(token)
        # No extension is understood here, so none that must be.
        if "crit" in header:
            raise refused("crit")
        key = await _key(issuer, str(header.get("kid")))
        claims: dict[str, Any] = jwt.decode(
            token,
            # Of the key alone, not of what it says of itself: the algorithm is the one that is set.
            key.key,
            algorithms=[settings().oidc_algorithm],
            audience=settings().oidc_client_id,
            issuer=issuer.issuer,
            leeway=LEEWAY_S,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError as error:
        raise refused(f"{type(error).__name__}: {error}") from error
    # Meant for several, it says which of them asked for it.
    if claims.get("azp", settings().oidc_client_id) != settings().oidc_client_id or (
        isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
    ):
        raise refused("azp")
    return claims


async def _key(issuer: Issuer, kid: str) -> jwt.PyJWK:
    """The issuer's key of that name; an unknown one may be new, so they are asked for again."""
    known = _keys.get(issuer.jwks_uri, {})
    if kid not in known:
        published = await _ask("GET", issuer.jwks_uri)
        known = {
            key.key_id: key
            for key in jwt.PyJWKSet.from_dict(published).keys
            if key.key_id and key.public_key_use in {None, "sig"}
        }
        _keys[issuer.jwks_uri] = known
    if kid not in known:
        raise refused("kid")
    return known[kid]


async def _person(session: AsyncSession, claims: dict[str, Any], now: datetime) -> Person | None:
    """Whom it is linked with; the first time the person of its verified e-mail."""
    linked = Login.issuer == claims["iss"], Login.subject == str(claims["sub"])
    login = await session.scalar(select(Login).where(*linked))
    email = str(claims.get("email", "")).strip().lower()
    if login is not None:
        who = Person.id == login.person_id
    elif claims.get("email_verified") is True and email:
        who = Person.email == email
    else:
        return None
    of = select(Person).join(Organization, Organization.id == Person.organization_id)
    person = await session.scalar(of.where(who, *signing.MAY_SIGN_IN).with_for_update(of=Person))
    if login is None and person is not None:
        login = Login(person_id=person.id, issuer=claims["iss"], subject=str(claims["sub"]))
        session.add(login)
        about = {"issuer": login.issuer, "subject": login.subject}
        await note(session, "person.linked", person.organization_id, person, now, **about)
    return person
