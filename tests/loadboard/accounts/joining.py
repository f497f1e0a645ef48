"""People who join by invitation and sign in by password, as people do."""

from typing import Any

from tests.loadboard.conftest import Caller, Member, Service

PASSWORD = "correct horse battery staple"


def invite(owner: Member, role: str, email: str) -> str:
    """The secret of an invitation."""
    answer = owner.post("/v1/invitations", json={"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def accept(service: Service, secret: str, **said: Any) -> Any:
    body = {"token": secret, "name": "Somebody New", "password": PASSWORD, **said}
    return service.caller(None).post("/v1/sign-in/invitation", json=body)


def joined(owner: Member, role: str, email: str) -> Caller:
    """Somebody of the owner's organisation who has just signed in."""
    answer = accept(owner.service, invite(owner, role, email))
    assert answer.status_code == 200, answer.text
    return owner.service.caller(answer.json()["access_token"])


def sign_in(service: Service, email: str, password: str = PASSWORD) -> Any:
    body = {"email": email, "password": password}
    return service.caller(None).post("/v1/sign-in", json=body)


def signed_in(service: Service, email: str, password: str = PASSWORD) -> dict[str, Any]:
    """The tokens of a new sign-in."""
    answer = sign_in(service, email, password)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def refresh(service: Service, token: str) -> Any:
    return service.caller(None).post("/v1/sign-in/refresh", json={"refresh_token": token})
