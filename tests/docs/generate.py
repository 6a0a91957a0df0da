"""What docs/reference says of the code, written from the code.

`python -m tests.docs.generate` writes the pages; the test beside it fails when they are out of
date.
"""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import adapters
import core
import models
import services
import views
import workers
from core.errors import Refused
from core.flow import Flow
from services import access
from services.events import CATALOGUE, VERSION, schema

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
FLOORS = (core, models, services, adapters, views, workers)


def pages() -> dict[str, str]:
    """Write all pages that come from the code; by name of the file."""
    modules = list(_modules())
    return {
        "events.md": events(),
        "flows.md": flows(modules),
        "refusals.md": refusals(),
        "roles.md": roles(),
    }


def events() -> str:
    """Write the catalogue of facts: type, version, what it says, and the schema of its data."""
    lines = [
        *("# Events", ""),
        "What Makao tells of: each is stated in the transaction of what happened, and delivered at",
        "least once. `data` of an event follows the schema below its name.",
        "",
    ]
    for name, fact in sorted(CATALOGUE.items()):
        written = json.dumps(schema(fact), indent=2, sort_keys=True)
        lines += [f"## {name}", "", f"Version {VERSION}, about a row of `{fact.table}`. "]
        lines[-1] += " ".join((fact.__doc__ or "").split())
        lines += ["", "```json", written, "```", ""]
    return _page(lines)


def flows(modules: list[Any]) -> str:
    """Draw each table of moves as a diagram of states."""
    lines = [
        *("# Flows", ""),
        "The states of a record, and the named moves between them. Any other move is refused.",
        "",
    ]
    for name, flow in sorted(_flows(modules).items()):
        lines += [f"## {name}", "", "```mermaid", "stateDiagram-v2"]
        lines += [f"    [*] --> {flow.start.value}"]
        lines += [
            f"    {state.value} --> {to.value}: {move}"
            for move, (start, to) in flow.moves.items()
            for state in sorted(start)
        ]
        lines += ["```", ""]
    return _page(lines)


def refusals() -> str:
    """List every code with its status and what it says; codes without words say them each time."""
    lines = [
        *("# Refusals", ""),
        "An expected no has a code that stays. People read a sentence in their language;",
        "programs get problem details (RFC 9457) with the code.",
        "",
        *("| code | status | says |", "|---|---|---|"),
    ]
    found = {(each.code, each.status, each.says or "") for each in _below(Refused)}
    for code, status, says in sorted(found):
        lines.append(f"| `{code}` | {status} | {says or 'what the case is'} |")
    return _page(lines)


def roles() -> str:
    """Write the matrix: which role holds which verbs on which table."""
    names = list(access.ROLES)
    tables = sorted({table for verbs in access.ROLES.values() for table in verbs} - {"*"})
    lines = [
        *("# Roles", ""),
        "What each role may do. `read` and `write` are lists and forms, other verbs are acts,",
        f"and `*` is every verb. {names[0]} may do everything and has no column. A member may hold",
        "several roles.",
        "",
        "| on | " + " | ".join(names[1:]) + " |",
        "|---" * len(names) + "|",
    ]
    for table in tables:
        cells = [access.ROLES[role].get(table, "").replace(" ", ", ") for role in names[1:]]
        lines.append(f"| `{table}` | " + " | ".join(cells) + " |")
    lines += ["", "By programs, members of the portal read rows of their own party:"]
    for role, tables_read in access.OWN.items():
        lines.append(f"{role} " + ", ".join(f"`{each}`" for each in sorted(tables_read)) + ".")
    lines += ["", "With profile and notices alone, until their screens come: "]
    lines[-1] += ", ".join(access.LATER) + "."
    return _page(lines)


def _modules() -> Iterator[Any]:
    for floor in FLOORS:
        for each in pkgutil.walk_packages(floor.__path__, f"{floor.__name__}."):
            yield importlib.import_module(each.name)


def _flows(modules: list[Any]) -> dict[str, Flow[Any]]:
    return {
        f"{module.__name__.removeprefix('models.')}: {name.removesuffix('_FLOW').lower()}": value
        for module in modules
        if module.__name__.startswith("models.")
        for name, value in vars(module).items()
        if isinstance(value, Flow) and name.endswith("_FLOW")
    }


def _below(kind: type[Refused]) -> Iterator[type[Refused]]:
    yield kind
    for each in kind.__subclasses__():
        if not each.__module__.startswith("tests"):
            yield from _below(each)


def _page(lines: list[str]) -> str:
    first, *rest = lines
    made = "<!-- Made by `make docs` from the code. -->"
    return "\n".join([first, "", made, *rest]).rstrip() + "\n"


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
