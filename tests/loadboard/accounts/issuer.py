"""A small OpenID Connect issuer on loopback, with real keys: what it signs can be bent by the tests."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "the-board", "only the issuer and the board know it"
Claims = dict[str, Any]


@dataclass
class Issuer:
    """Knows one account, `claims`, which signs in wherever a browser comes; `sign` makes its ID token."""

    url: str = ""
    keys: dict[str, RSAPrivateKey] = field(default_factory=dict)
    claims: Claims = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    says_to_be: str | None = None

    def __post_init__(self) -> None:
        self.rotate()
        self.sign: Callable[[Claims], str] = self.signed

    def rotate(self) -> None:
        """One new key, and the old ones are gone."""
        self.keys = {secrets.token_hex(4): generate_private_key(65537, 2048)}

    @property
    def kid(self) -> str:
        return next(iter(self.keys))

    def signed(self, claims: Claims, **header: Any) -> str:
        return jwt.encode(claims, self.keys[self.kid], "RS256", {"kid": self.kid, **header})

    def jwk(self, kid: str) -> dict[str, Any]:
        public = self.keys[kid].public_key()
        return {**json.loads(RSAAlgorithm.to_jwk(public)), "kid": kid, "use": "sig", "alg": "RS256"}

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.says_to_be or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.url, "session_state": "theirs"}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def exchange(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code, once, for the client that began it."""
        began = self.codes.pop(form.get("code", ""), None)
        client = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}".encode()
        if began is None or authorization != f"Basic {base64.b64encode(client).decode()}":
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != began["code_challenge"] or form["redirect_uri"] != began["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": began["nonce"],
        }
        return {
            "access_token": "theirs",
            "token_type": "Bearer",
            "id_token": self.sign({**claims, **self.claims}),
        }


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

        def _answer(self, status: int, body: Any = None, location: str = "") -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            issuer.asked.append(url.path)
            match url.path:
                case "/.well-known/openid-configuration":
                    self._answer(200, issuer.described())
                case "/keys":
                    self._answer(200, {"keys": list(map(issuer.jwk, issuer.keys))})
                case "/authorize":
                    query = {name: said for name, [said] in parse_qs(url.query).items()}
                    self._answer(303, location=issuer.authorize(query))
                case _:
                    self._answer(404)

        def do_POST(self) -> None:
            issuer.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: said for name, [said] in parse_qs(body).items()}
            given = issuer.exchange(form, self.headers.get("Authorization", ""))
            self._answer(200 if given else 400, given or {"error": "invalid_grant"})

    return Handler


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(issuer)) as server:
        issuer.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield issuer
        server.shutdown()
        thread.join()
