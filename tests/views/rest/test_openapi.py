"""Programs that send anything the OpenAPI document allows, and much that it does not: no 5xx."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests import stories
from tests.views.conftest import Office, Program

EXAMPLES = 4
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(200, marks=pytest.mark.full)])
def test_nothing_that_a_program_sends_is_a_server_error(
    office: Office, api: Program, examples: int
) -> None:
    """Half of the requests go to rows that are there; the others to any id."""
    stories.confirmed(office.session, office.home)
    document = schemathesis.openapi.from_wsgi("/api/v1/_openapi", office.app)
    broken: dict[str, str] = {}
    for result in document.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # the document is ours
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            said = first_server_error(operation, mode, api, examples // 2)
            if said:
                broken[operation.label] = said

    assert broken == {}


def first_server_error(operation: Any, mode: Any, api: Program, examples: int) -> str:
    """Send examples of one operation; says which was answered by a 5xx, and how."""
    table = operation.path.split("/")[3]
    ids = (api("GET", f"/api/v1/{table}/").get_json(silent=True) or {}).get("ids", [])
    found = []

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=CHECKS,
    )
    @given(case=operation.as_strategy(mode), there=st.booleans())
    def send(case: Any, *, there: bool) -> None:
        if there and ids and "pk" in (case.path_parameters or {}):
            case.path_parameters["pk"] = ids[0]
        answer = case.call(headers=api.headers)
        if answer.status_code >= 500:
            found.append(f"{answer.status_code} {case.as_curl_command()} {answer.text[:300]}")

    try:
        send()
    except Exception as error:
        if "unsatisfiable" not in type(error).__name__.lower():
            raise
    return found[0] if found else ""
