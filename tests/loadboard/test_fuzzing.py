"""schemathesis over the whole API: no 500, and nothing that the description does not say."""

import json
from itertools import product
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import load
from tests.loadboard.test_docs import ROOT

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
CASES, CASES_LONG = 1_500, 20_000
ROLES = "shipper", "carrier", "operator"
# Whoever signs out is nobody afterwards.
LEFT_OUT = "POST /v1/sign-out"
LABELS = {
    f"{method.upper()} {path}"
    for path, item in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items()
    for method in item
}
# No server takes longer ones.
LONGEST_URL = 60_000


def ask(who: Member, case: Any) -> httpx.Response:
    """Sends a case as `requests` would write it, through the service in this process."""
    options = case.as_transport_kwargs(base_url="http://board")
    timeless = {name: value for name, value in options.items() if name not in {"timeout", "verify"}}
    prepared = requests.Request(**timeless).prepare()
    assume(len(prepared.url or "") < LONGEST_URL)
    return who.request(
        str(prepared.method), str(prepared.url), headers=prepared.headers, content=prepared.body
    )


def hold(
    who: Member, operation: Any, mode: GenerationMode, known: list[int], how: settings
) -> None:
    """Sends cases to one operation, and holds the answers to its description."""
    signed_in = {"Authorization": f"Bearer {who.token}"}
    cases = operation.as_strategy(mode, headers=signed_in)

    @how
    @given(case=cases, real=st.sampled_from([None, *known]))
    def conforms(case: Any, real: int | None) -> None:
        # A number out of nowhere names nothing here, so most of the time one that is there.
        if real is not None and mode is GenerationMode.POSITIVE and case.path_parameters:
            case.path_parameters = dict.fromkeys(case.path_parameters, real)
            case.headers["If-Match"] = "*"
        case.validate_response(ask(who, case), checks=CHECKS)

    conforms()


@pytest.mark.parametrize("role", ROLES)
def test_nothing_but_what_the_description_says(
    passwords_cost_little: None,
    shipper: Member,
    carrier: Member,
    operator: Member,
    role: str,
    is_long: bool,
) -> None:
    who = {"shipper": shipper, "carrier": carrier, "operator": operator}[role]
    known = [shipper.post("/v1/loads", json=load(reference=str(n))).json()["id"] for n in range(3)]
    schema = schemathesis.openapi.from_dict(shipper.service.app.openapi())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    how = settings(
        max_examples=(CASES_LONG if is_long else CASES)
        // (len(ROLES) * len(operations) * len(modes)),
        deadline=None,
        database=None,
        derandomize=not is_long,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    assert {operation.label for operation in operations} == LABELS
    for operation, mode in product(operations, modes):
        if operation.label == LEFT_OUT:
            continue
        # What takes nothing can be sent nothing wrong.
        if mode is GenerationMode.POSITIVE or (
            operation.definition.raw.keys() & {"parameters", "requestBody"}
        ):
            hold(who, operation, mode, known, how)
    assert who.get("/v1/me").status_code == 200
