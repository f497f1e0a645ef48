"""schemathesis over the whole API: no 500, and nothing that the description does not say."""

import json
from itertools import product
from math import ceil
from typing import Any

import httpx
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

from tests.loadboard.conftest import Caller, Service
from tests.loadboard.test_docs import ROOT
from tests.loadboard.world import World, build

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
CASES, CASES_LONG = 1_500, 20_000
# Whoever may change more comes later: the operator may suspend all the others.
WHO = ("Cv", "Pa", "Cr", "Cd", "Co", "Po", "Os")
# Whoever signs out is nobody afterwards.
LEFT_OUT = "POST /v1/sign-out"
LABELS = {
    f"{method.upper()} {path}"
    for path, item in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items()
    for method in item
}
# No server takes longer ones.
LONGEST_URL = 60_000


REAL = {
    **{f"{kind}_id": kind for kind in ("load", "offer", "booking", "document", "truck", "network", "person", "key", "invitation")},
    "driver_id": "person", "organization_id": "", "carrier_id": "",
}  # fmt: skip
"""Of each field that names something, what kind of thing."""


def ask(who: Caller, case: Any) -> httpx.Response:
    """Sends a case as `requests` would write it, through the service in this process."""
    options = case.as_transport_kwargs(base_url="http://board")
    timeless = {name: value for name, value in options.items() if name not in {"timeout", "verify"}}
    prepared = requests.Request(**timeless).prepare()
    assume(len(prepared.url or "") < LONGEST_URL)
    return who.request(
        str(prepared.method), str(prepared.url), headers=prepared.headers, content=prepared.body
    )


def real_ids(world: World, said: Any, pick: int) -> None:
    """Puts ids of what is there in the place of some that were made up."""
    for field in REAL.keys() & said.keys() if isinstance(said, dict) else ():
        kind = REAL[field]
        there = [id for name, id in world.ids.items() if name.partition(" ")[0] == kind or (not kind and len(name) == 1)]  # fmt: skip
        said[field] = there[pick % len(there)]


def hold(world: World, who: str, operation: Any, mode: GenerationMode, how: settings) -> int:
    """Sends cases to one operation, and holds the answers to its description; how many there were."""
    signed_in = {"Authorization": f"Bearer {world.tokens[who]}"}
    cases = operation.as_strategy(mode, headers=signed_in)
    sent = 0

    @how
    @given(case=cases, pick=st.integers(0, 99))
    def conforms(case: Any, pick: int) -> None:
        # A number out of nowhere names nothing here, so most of the time one that is there.
        if pick > 20 and mode is GenerationMode.POSITIVE:
            real_ids(world, case.path_parameters, pick)
            real_ids(world, case.body, pick)
            case.headers["If-Match"] = "*"
        case.validate_response(ask(world.callers[who], case), checks=CHECKS)
        nonlocal sent
        sent += 1

    conforms()
    return sent


def test_nothing_but_what_the_description_says(
    passwords_cost_little: None, service: Service, database_url: str, is_long: bool
) -> None:
    world = build(service, database_url)
    schema = schemathesis.openapi.from_dict(service.app.openapi())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert {operation.label for operation in operations} == LABELS
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = CASES_LONG if is_long else CASES
    how = settings(
        # Some operations have fewer different cases than that.
        max_examples=ceil(1.3 * cases / (len(WHO) * len(operations) * len(modes))),
        deadline=None,
        database=None,
        derandomize=not is_long,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    sent = 0
    for who, operation, mode in product(WHO, operations, modes):
        # What takes nothing can be sent nothing wrong.
        takes = operation.definition.raw.keys() & {"parameters", "requestBody"}
        if operation.label == LEFT_OUT or (mode is GenerationMode.NEGATIVE and not takes):
            continue
        try:
            sent += hold(world, who, operation, mode, how)
        except BaseException as error:
            error.add_note(f"{operation.label} as {who}")
            raise
    assert sent >= cases
    assert world.ask("Os", "GET", "/v1/me").status_code == 200
