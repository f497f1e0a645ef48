"""Signing in at an outside issuer: a real one, on loopback, and every way to be taken in by a token."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loadboard.accounts import oidc
from loadboard.settings import settings
from tests.loadboard.accounts.issuer import CLIENT_ID, CLIENT_SECRET, Claims, Issuer, issuing
from tests.loadboard.accounts.joining import joined, refresh
from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import rows

pytestmark = pytest.mark.usefixtures("passwords_cost_little")
DANA = "dana@carrier.example"
HERE = "https://board.example"
BEGIN, BACK = "/v1/sign-in/oidc", "/v1/sign-in/oidc/callback"


@pytest.fixture
def issuer(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    with issuing() as running:
        running.claims = {"sub": "their-1", "email": DANA, "email_verified": True}
        said = {
            "PUBLIC_URL": HERE,
            "OIDC_ISSUER": running.url,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }
        for name, value in said.items():
            monkeypatch.setenv(f"LOADBOARD_{name}", value)
        settings.cache_clear()
        yield running
        settings.cache_clear()


@pytest.fixture
def dana(carrier: Member) -> str:
    joined(carrier, "dispatcher", DANA)
    return DANA


def begun(service: Service) -> tuple[str, dict[str, str]]:
    """The issuer's address, and the cookie that the browser keeps."""
    answer = service.caller(None).get(BEGIN)
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["set-cookie"]
    for rule in ("HttpOnly", "SameSite=lax", "Secure", f"Path={BEGIN}", "Max-Age=600"):
        assert rule in cookie
    name, _, value = cookie.partition(";")[0].partition("=")
    return answer.headers["location"], {"Cookie": f"{name}={value}"}


def way_back(url: str) -> dict[str, str]:
    """What the issuer sends the browser back with."""
    location = httpx.get(url, trust_env=False).headers["location"]
    assert location.startswith(HERE + BACK)
    return {name: said for name, [said] in parse_qs(urlsplit(location).query).items()}


def gone_there_and_back(service: Service) -> httpx.Response:
    url, cookie = begun(service)
    return service.caller(None).get(BACK, params=way_back(url), headers=cookie)


def who(service: Service, answer: httpx.Response) -> str:
    """Whom the page is signed in as, once it has exchanged what it got."""
    assert answer.status_code == 303, answer.text
    page, _, token = answer.headers["location"].partition("#refresh_token=")
    assert page == f"{HERE}/"
    tokens = refresh(service, token).json()
    return str(service.caller(tokens["access_token"]).get("/v1/me").json()["email"])


def test_a_person_signs_in_elsewhere(
    service: Service, issuer: Issuer, dana: str, database_url: str
) -> None:
    assert who(service, gone_there_and_back(service)) == dana
    [login] = rows(database_url, "SELECT issuer, subject FROM login")
    assert login == {"issuer": issuer.url, "subject": "their-1"}
    # From then on it is the subject that counts, whatever its e-mail becomes.
    issuer.claims |= {"email": "other@carrier.example", "email_verified": False}
    assert who(service, gone_there_and_back(service)) == dana
    # And nobody else gets in by that e-mail's next holder.
    issuer.claims |= {"sub": "their-2", "email": DANA, "email_verified": False}
    assert gone_there_and_back(service).status_code == 401


def test_what_the_page_gets_is_good_for_a_minute(
    service: Service, issuer: Issuer, dana: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = gone_there_and_back(service)
    token = answer.headers["location"].partition("#refresh_token=")[2]

    class Later:
        @staticmethod
        def now(_: Any) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=61)

    monkeypatch.setattr("loadboard.accounts.signing_api.datetime", Later)
    assert refresh(service, token).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nobody@carrier.example"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": ["dana@carrier.example"]},
    ],
)
def test_only_a_verified_email_of_a_person_is_linked(
    service: Service, issuer: Issuer, dana: str, database_url: str, change: Claims
) -> None:
    issuer.claims |= change
    answer = gone_there_and_back(service)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in-refused")
    assert rows(database_url, "SELECT * FROM login") == []


def test_who_is_shut_out_here_is_so_from_elsewhere_too(
    service: Service, issuer: Issuer, dana: str, database_url: str
) -> None:
    assert gone_there_and_back(service).status_code == 303
    for table in ("organization SET suspended_at", "person SET disabled_at"):
        with psycopg.connect(database_url) as connection:
            connection.execute(f"UPDATE {table} = now()".encode())
        assert gone_there_and_back(service).status_code == 401
        with psycopg.connect(database_url) as connection:
            connection.execute(f"UPDATE {table} = NULL".encode())


def test_new_keys_of_the_issuer_are_taken_and_old_ones_no_longer(
    service: Service, issuer: Issuer, dana: str
) -> None:
    assert gone_there_and_back(service).status_code == 303
    assert gone_there_and_back(service).status_code == 303
    assert issuer.asked.count("/keys") == 1
    old_kid, old = issuer.kid, issuer.keys[issuer.kid]
    issuer.rotate()
    assert gone_there_and_back(service).status_code == 303
    assert issuer.asked.count("/keys") == 2
    issuer.sign = lambda claims: jwt.encode(claims, old, "RS256", {"kid": old_kid})
    assert gone_there_and_back(service).status_code == 401


def _none(issuer: Issuer, claims: Claims) -> str:
    return jwt.encode(claims, "", "none", {"kid": issuer.kid})


def _hs256_with_the_public_key(issuer: Issuer, claims: Claims) -> str:
    """By hand: libraries refuse to make such a thing."""
    public = issuer.keys[issuer.kid].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "typ": "JWT", "kid": issuer.kid}, claims)
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return (signed + b"." + _encoded(hmac.digest(secret, signed, "sha256"))).decode()


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _another_key(issuer: Issuer, claims: Claims) -> str:
    return jwt.encode(claims, generate_private_key(65537, 2048), "RS256", {"kid": issuer.kid})


def _key_in_the_header(issuer: Issuer, claims: Claims) -> str:
    forged = generate_private_key(65537, 2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(forged.public_key()))
    header = {"kid": issuer.kid, "jwk": jwk, "jku": "http://127.0.0.1:1/keys"}
    return jwt.encode(claims, forged, "RS256", header)


def _rs512(issuer: Issuer, claims: Claims) -> str:
    return jwt.encode(claims, issuer.keys[issuer.kid], "RS512", {"kid": issuer.kid})


def _es256(issuer: Issuer, claims: Claims) -> str:
    return jwt.encode(claims, ec_key(SECP256R1()), "ES256", {"kid": issuer.kid})


def _without_kid(issuer: Issuer, claims: Claims) -> str:
    return jwt.encode(claims, issuer.keys[issuer.kid], "RS256")


def _tampered(issuer: Issuer, claims: Claims) -> str:
    head, _, signature = issuer.signed(claims).split(".")
    body = _encoded(json.dumps({**claims, "email": "person@1.example"}).encode()).decode()
    return f"{head}.{body}.{signature}"


FORGERIES: dict[str, Callable[[Issuer, Claims], str]] = {
    "alg none": _none,
    "HS256 with the public key": _hs256_with_the_public_key,
    "signed by another": _another_key,
    "its own key in the header": _key_in_the_header,
    "another algorithm": _rs512,
    "another kind of key": _es256,
    "no kid": _without_kid,
    "unknown kid": lambda issuer, claims: issuer.signed(claims, kid="unknown"),
    "path as kid": lambda issuer, claims: issuer.signed(claims, kid="../../dev/null"),
    "crit": lambda issuer, claims: issuer.signed(claims, crit=["exp"], exp=1),
    "empty crit": lambda issuer, claims: issuer.signed(claims, crit=[]),
    "changed afterwards": _tampered,
    "no signature": lambda issuer, claims: issuer.signed(claims).rpartition(".")[0] + ".",
    "no token": lambda issuer, claims: "nonsense",
    "no token at all": lambda issuer, claims: "",
}
NOW = int(time.time())
CLAIMS: dict[str, Claims] = {
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "several audiences, not asked for by us": {"aud": [CLIENT_ID, "x"], "azp": "x"},
    "several audiences, asked for by nobody": {"aud": [CLIENT_ID, "x"]},
    "asked for by another": {"azp": "another-client"},
    "expired": {"exp": NOW - 3600},
    "without end": {"exp": None},
    "of the future": {"iat": NOW + 3600},
    "not yet": {"nbf": NOW + 3600},
    "another issuer's": {"iss": "https://accounts.example"},
    "another issuer's, nearly": {"iss": "{url}/"},
    "another sign-in's": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_token_that_was_forged(
    service: Service, issuer: Issuer, dana: str, forgery: str, database_url: str
) -> None:
    issuer.sign = lambda claims: FORGERIES[forgery](issuer, claims)
    _is_refused(gone_there_and_back(service), database_url)


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_token_that_is_for_something_else(
    service: Service, issuer: Issuer, dana: str, claim: str, database_url: str
) -> None:
    change = {
        name: value.replace("{url}", issuer.url) if isinstance(value, str) else value
        for name, value in CLAIMS[claim].items()
    }
    issuer.sign = lambda claims: issuer.signed(
        {name: value for name, value in (claims | change).items() if value is not None}
    )
    _is_refused(gone_there_and_back(service), database_url)


def _is_refused(answer: httpx.Response, database_url: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in-refused")
    assert answer.json()["detail"] == "This sign-in elsewhere is not good for an account here."
    assert rows(database_url, "SELECT * FROM login") == []


def test_the_way_back_belongs_to_the_browser_that_began(
    service: Service, issuer: Issuer, dana: str
) -> None:
    (url, cookie), (other_url, other_cookie) = begun(service), begun(service)
    back, other = way_back(url), way_back(other_url)
    nobody = service.caller(None)
    for params, headers in (
        (back, {}),
        (back, other_cookie),
        (other, cookie),
        ({"code": back["code"]}, cookie),
        ({**back, "state": "x"}, cookie),
        ({**back, "iss": "https://accounts.example"}, cookie),
        ({"state": back["state"], "error": "access_denied"}, cookie),
        ({**back, "state": ""}, {"Cookie": "loadboard_oidc=.."}),
        # The other's code with one's own state: PKCE ties it to who began it.
        ({**back, "code": other["code"]}, cookie),
    ):
        assert nobody.get(BACK, params=params, headers=headers).status_code == 401, params
    assert nobody.get(BACK, params=back, headers=cookie).status_code == 303
    assert nobody.get(BACK, params=back, headers=cookie).status_code == 401, "a code is good once"


def test_what_is_sent_to_the_issuer(service: Service, issuer: Issuer) -> None:
    url, cookie = begun(service)
    query = {name: said for name, [said] in parse_qs(urlsplit(url).query).items()}
    state, nonce, verifier = cookie["Cookie"].partition("=")[2].split(".")
    challenge = _encoded(hashlib.sha256(verifier.encode()).digest()).decode()
    assert (query["state"], query["nonce"], query["code_challenge"]) == (state, nonce, challenge)
    assert query["redirect_uri"] == HERE + BACK
    assert verifier not in url
    assert len({state, nonce, verifier}) == 3


def test_an_issuer_that_says_to_be_another_is_not_asked_further(
    service: Service, issuer: Issuer
) -> None:
    issuer.says_to_be = "https://accounts.example"
    answer = service.caller(None).get(BEGIN)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/issuer-unavailable")
    assert issuer.asked == ["/.well-known/openid-configuration"]


def test_an_issuer_that_is_away_or_was_never_set(
    service: Service, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url, status in (("http://127.0.0.1:1", 503), ("no address", 503), ("", 404)):
        monkeypatch.setenv("LOADBOARD_OIDC_ISSUER", url)
        settings.cache_clear()
        oidc._issuers.clear()
        assert service.caller(None).get(BEGIN).status_code == status


def test_the_issuer_alone_is_asked_and_nowhere_else(
    service: Service, issuer: Issuer, dana: str, database_url: str
) -> None:
    """Neither a token nor an answer names an address that is then asked."""
    with issuing() as other:
        other.keys = {issuer.kid: next(iter(other.keys.values()))}
        for name in ("jku", "x5u", "iss", "jwk"):
            said = other.jwk(other.kid) if name == "jwk" else f"{other.url}/keys"
            issuer.sign = lambda claims, name=name, said=said: other.signed(claims, **{name: said})  # type: ignore[misc]
            _is_refused(gone_there_and_back(service), database_url)
        issuer.sign = issuer.signed
        url, cookie = begun(service)
        back = way_back(url) | {"iss": other.url}
        _is_refused(service.caller(None).get(BACK, params=back, headers=cookie), database_url)
        assert other.asked == []
