"""What an operator sees: health, readiness, metrics, logs under a request id, and the page's headers."""

import json
from typing import Any

import httpx
import pytest

from loadboard import app as application
from loadboard.cache import redis
from loadboard.db import engine
from loadboard.settings import settings
from tests.loadboard.conftest import Caller, Member, Service
from tests.loadboard.loads.examples import load


def test_alive_and_ready(anonymous: Caller) -> None:
    assert anonymous.get("/healthz").json() == {"alive": True}
    ready = anonymous.get("/readyz")
    assert ready.status_code == 200
    assert ready.json().pop("board_age_s") < 1
    assert ready.json() | {"board_age_s": 0} == {
        "ready": True, "database": "up", "redis": "up", "board_age_s": 0, "degraded": []
    }  # fmt: skip


def test_without_redis_everything_works_and_says_so(
    service: Service, shipper: Member, carrier: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADBOARD_REDIS_URL", "unix:///nowhere/redis.sock")
    service.run(redis().aclose())
    settings.cache_clear()
    redis.cache_clear()
    ready = carrier.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["ready"]
    assert (ready.json()["redis"], ready.json()["degraded"]) == ("down", ["redis"])
    assert shipper.post("/v1/loads", json=load()).status_code == 201
    assert carrier.post("/v1/search", json={}).json()["total"] == 1
    assert carrier.post("/v1/search/hexes", json={}).json()["total"] == 1


def test_without_the_database_it_is_not_ready_and_comes_back(
    service: Service, shipper: Member, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.run(engine().dispose())
    monkeypatch.setenv("LOADBOARD_DATABASE_URL", "postgresql:///none?host=/nowhere")
    settings.cache_clear()
    engine.cache_clear()
    ready = shipper.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {
        "ready": False, "database": "down", "redis": "up", "board_age_s": None,
        "degraded": ["database", "board"],
    }  # fmt: skip
    assert shipper.get("/healthz").status_code == 200
    answer = shipper.post("/v1/loads", json=load())
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    monkeypatch.setenv("LOADBOARD_DATABASE_URL", database_url)
    settings.cache_clear()
    engine.cache_clear()
    assert shipper.get("/readyz").status_code == 200
    assert shipper.post("/v1/loads", json=load()).status_code == 201


def count(caller: Caller, line: str) -> float:
    found = [text for text in caller.get("/metrics").text.splitlines() if text.startswith(line)]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


def test_metrics_count_answers_by_route_and_not_by_what_is_asked(shipper: Member) -> None:
    answered = 'loadboard_answers_total{method="GET",route="/v1/loads/{load_id}",status="404"}'
    took = 'loadboard_request_seconds_count{method="GET",route="/v1/loads/{load_id}"}'
    before = count(shipper, answered), count(shipper, took)
    for number in (7, 8, 9):
        shipper.get(f"/v1/loads/{number}")
    assert (count(shipper, answered), count(shipper, took)) == (before[0] + 3, before[1] + 3)
    shipper.get("/no/such/path")
    shipper.request("BREW", "/v1/loads")
    metrics = shipper.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "/no/such/path" not in metrics.text
    assert "BREW" not in metrics.text


def test_a_request_has_an_id_that_its_logs_carry(
    shipper: Member, lines: list[dict[str, Any]]
) -> None:
    answer = shipper.get("/v1/me", headers={"X-Request-Id": "abc-1.2_3"})
    assert answer.headers["x-request-id"] == "abc-1.2_3"
    assert lines[-1]["request_id"] == "abc-1.2_3"
    assert (lines[-1]["path"], lines[-1]["status"]) == ("/v1/me", 200)
    made = {shipper.get("/v1/me").headers["x-request-id"] for _ in range(5)}
    assert made == {line["request_id"] for line in lines[-5:]}
    assert len(made) == 5
    for unsafe in ("", "a b", "x" * 65, "<script>", "a+b", "caf\u00e9"):
        got = shipper.get("/v1/me", headers={b"X-Request-Id": unsafe.encode()}).headers[
            "x-request-id"
        ]
        assert got != unsafe
        assert got.isalnum()


def test_a_body_that_is_not_said_to_be_json_is_told_so(shipper: Member) -> None:
    answer = shipper.post("/v1/loads", content=json.dumps(load()))
    assert answer.status_code == 422
    assert "application/json" in answer.json()["errors"][0]["message"]


def test_a_defect_carries_the_id_of_its_request(
    service: Service, shipper: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise LookupError("broken on purpose")

    monkeypatch.setattr("loadboard.loads.api.submission", broken)
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://board")
    headers = {"Authorization": f"Bearer {shipper.token}", "X-Request-Id": "abc"}
    answer = Caller(service, client).post("/v1/loads", json=load(), headers=headers)
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "abc")


def test_no_token_is_logged_even_when_something_breaks(
    shipper: Member, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise LookupError("broken on purpose")

    monkeypatch.setattr("loadboard.loads.api.submission", broken)
    with pytest.raises(LookupError):
        shipper.post("/v1/loads", json=load(commodity="a secret cargo"))
    shipper.get("/v1/me", headers={"Authorization": "Bearer wrong-token"})
    events = [line["event"] for line in lines]
    assert "unexpected_error" in events
    for secret in (shipper.token, "wrong-token", "a secret cargo"):
        assert secret not in json.dumps(lines)


def test_the_page_is_served_with_headers_that_guard_it(
    anonymous: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not application.PAGE.exists():
        pytest.skip("the page is not built")
    page = anonymous.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    for rule in (
        "default-src 'self'", "img-src 'self' data: blob:", "worker-src 'self' blob:", "connect-src 'self'",
        "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
    ):  # fmt: skip
        assert rule in policy
    assert "unsafe-eval" not in policy
    assert "script-src" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert anonymous.get("/assets/../../settings.py").status_code == 404
    assert anonymous.get("/assets/%2e%2e/%2e%2e/settings.py").status_code == 404


def test_paths_and_methods_that_are_none(anonymous: Caller) -> None:
    for method, path, status in (
        ("GET", "/v2/loads", 404), ("DELETE", "/v1/loads/1", 405), ("PUT", "/v1/loads", 405), ("GET", "/v1/loads/", 404),
    ):  # fmt: skip
        answer = anonymous.request(method, path)
        assert answer.status_code in {status, 307}, path
        if answer.status_code != 307:
            assert answer.headers["content-type"] == "application/problem+json"
