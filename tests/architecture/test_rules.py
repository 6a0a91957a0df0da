"""The rules of docs/explanation/architecture.md that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

import models
from core.db import Base
from core.scope import OrganizationScoped
from models.organizations import Organization

assert models.__all__
ROOT = Path(__file__).parents[2]
FLOORS = ("core", "models", "services", "adapters", "views", "dashboards", "workers")
SOURCES = [
    ROOT / "app.py",
    ROOT / "config.py",
    *(path for floor in FLOORS for path in sorted(ROOT.joinpath(floor).rglob("*.py"))),
]
SCOPED = sorted(
    (each.class_ for each in Base.registry.mappers if issubclass(each.class_, OrganizationScoped)),
    key=lambda kind: kind.__name__,
)
EDGES = {
    "core/work.py": "a unit of work ends here",
    "core/db.py": "settings of a connection that was just opened",
    "services/chains.py": "reads in a transaction of its own, and leaves nothing",
    "services/invariants.py": "reads in a transaction of its own, and leaves nothing",
    "views/admin/acts.py": "an act that was refused leaves nothing",
    "views/web/edges.py": "a request ends here",
    "views/web/health.py": "looks, and leaves nothing",
    "views/web/refusals.py": "a request that was refused leaves nothing",
    "views/admin/registry.py": "permissions are written when the application is prepared",
    "views/web/security.py": "what sign-in counts must hold even where it refuses",
    "views/web/sessions.py": "the same",
    "views/web/sign_in.py": "the same",
    "workers/accounts.py": "what an operator does at the door is kept by its own session",
    "workers/imports.py": "a check of a file leaves nothing",
    "workers/demo_wallets.py": "the same",
    "workers/demo.py": "the demo is told act by act, each at its own instant",
    "workers/preparation.py": "the owner prepares the database before anything runs in it",
    "views/portal/wallet_acts.py": "what a wrong PIN or password counts must hold",
    "views/applying.py": "a form that was refused leaves nothing",
    "views/portal/bills.py": "a form that was refused leaves nothing",
    "views/contacts.py": "what belongs to sign-in is kept by its own session",
    "views/profile.py": "what belongs to sign-in is kept by its own session",
    "views/web/passwords.py": "the same",
    "views/web/outside.py": "the same",
    "views/platform.py": "the same",
    "views/organizations.py": "the same",
    "views/admin/menu.py": "the page that says what is broken has a menu too",
}
WITHOUT_FLOW = {
    "services/accounts.py": "a profile is of no organization: its audit trail tells, and no fact",
}
NOT_A_DOMAIN = {
    "views": {
        "applying",
        "availability",
        "availability_drawing",
        "contacts",
        "financials",
        "manual_entries",
        "financial_filters",
        "financial_sheets",
        "financial_tables",
        "home",
        "holds",
        "imports",
        "invoice_drafts",
        "bank_imports",
        "bank_tables",
        "papers",
        "platform",
        "profile",
        "sales_acts",
        "handovers",
        "screens",
        "tax_tables",
        "rent_tables",
    },
    "workers": {
        "identifiers",
        *("jobs", "schedule", "scheduler", "relay", "subscriptions", "sagas"),
        *("commands", "supervisor", "processes", "leftovers", "web", "mail", "chains"),
        *("cleaning", "doctor", "invariants", "preparation", "backups"),
        *(
            "demo",
            "demo_cast",
            "demo_story",
            "demo_wallets",
            "demo_billing",
            "demo_bank",
            "demo_estate",
            "demo_onboarding",
            "demo_leases",
            "imports",
            "papers",
        ),
        *("refunds", "disputes", "payouts", "account_mails", "letters"),
        *("simulate", "simulate_people", "simulate_days"),
    },
    "services": {
        *("contacts", "onboarding_cases", "kyc", "identifiers", "application_mails", "boxes"),
        *("invariants", "reports", "postings", "access", "sign_in", "second_factor"),
        *(
            "instalments",
            "refunds",
            "assignments",
            "booking_ends",
            "sale_withdrawals",
            "cancellations",
            "sale_credits",
            "sale_postings",
        ),
        *("sagas", "chains", "catalogue", "offers", "buying", "papers"),
        *("choices", "prices", "reissues", "sheets", "imports", "sales_import", "sales_import_run"),
        *("sales_sheets", "sales_import_undo", "invoicing"),
        *(
            "autopay_terms",
            "top_ups",
            "wallet_bills",
            "wallet_payouts",
            "wallet_pins",
            "wallet_sendings",
        ),
        *("wallet_movements", "wallet_statements", "paying", "followers"),
        *("approval_rules", "late_fees", "reminders", "invitations", "journal", "passwords"),
        *("platform", "outside"),
        *("signature_papers", "signing_acts", "signing_progress", "lease_signing"),
        *("lease_wording", "lease_notices", "inspection_lists"),
        *("asking", "disputes", "duplicates", "ways"),
        *("balances", "financials", "statements", "ageing", "printed_reports"),
        *(
            "manual_entries",
            "credit_notes",
            "write_offs",
            "free_invoices",
            "tax_reports",
            "rent_roll",
        ),
        *("invoice_papers", "paper_mails", "reversals"),
        *("bank_matching", "bank_undoing", "bank_suggestions", "bank_reconciliation", "bank_rules"),
        *("handovers", "import_rows", "estate_sheets", "estate_import", "estate_import_run"),
        *("people_import", "people_sheets"),
        *("formulas", "bill_runs", "bill_statements", "guidelines", "lease_checks"),
        *("activations", "deposits", "disbursement_checks", "lease_charges", "lease_ends"),
        *("rent_changes", "rent_runs", "rent_statements", "trust_postings", "availability"),
    },
    "dashboards": {"site", "theme", "charts"},
    "adapters": None,  # they are named after what is outside
}


UNSCOPED = {
    "audit_entry": "has rows of no organization, too; row-level security alone decides",
    "credential": "looked up before anybody is known, by functions of the owner alone",
    "seal": "has chains of no organization, too",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def commits(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}:
            yield node.lineno


def assigns_status(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if isinstance(node, ast.Attribute) and stored and node.attr == "status":
            yield node.lineno


def moves_in_silence(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = ast.unparse(node)
            if ".move(" in body and "emit" not in body:
                yield node.name


def hits(floors: tuple[str, ...], rule: str) -> list[str]:
    return [
        f"{name_of(path)}:{hit}"
        for path in SOURCES
        if name_of(path).startswith(floors)
        for hit in RULES[rule](path.read_text())
    ]


RULES = {"commits": commits, "status": assigns_status, "silence": moves_in_silence}
EXAMPLES = [
    ("commits", "def f(work): work.session.commit()", "def f(work): work.session.flush()"),
    ("status", "lease.status = Status.active", "status = lease.status"),
    ("silence", "def f(w): FLOW.move(row, 'end')", "def f(w): FLOW.move(row, 'end'); emit(w, X())"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), EXAMPLES)
def test_the_rules_find_what_they_are_for(rule: str, bad: str, good: str) -> None:
    assert list(RULES[rule](bad))
    assert not list(RULES[rule](good))


def test_only_edges_commit() -> None:
    found = hits(tuple(FLOORS), "commits")
    assert [hit for hit in found if hit.rpartition(":")[0] not in EDGES] == []


def test_status_changes_only_by_a_flow() -> None:
    found = hits(("services", "views", "workers", "adapters", "dashboards"), "status")
    assert [hit for hit in found if hit.rpartition(":")[0] not in WITHOUT_FLOW] == []


def test_every_move_is_announced() -> None:
    """A state which changes in silence is missing from the audit trail and from every listener."""
    assert hits(("services",), "silence") == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_can_be_seen_at_once(path: Path) -> None:
    """Its docstring does not count: it is read instead of the function."""
    lengths = {}
    for each in functions(path):
        first = each.body[1:2] if ast.get_docstring(each) else each.body[:1]
        begin = first[0].lineno if first else each.lineno
        lengths[each.name] = (each.end_lineno or 0) - begin + 1
    assert {name: lines for name, lines in lengths.items() if lines > 40} == {}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_names_say_what_is_inside(path: Path) -> None:
    parts = {part.removesuffix(".py") for part in Path(name_of(path)).parts}
    assert parts & {"utils", "util", "helpers", "common", "lib", "misc", "shared"} == set()
    classes = [each.name for each in ast.walk(tree(path)) if isinstance(each, ast.ClassDef)]
    assert [name for name in classes if name.endswith(("Manager", "Helper", "Utils"))] == []


def test_floors_share_their_domain_names() -> None:
    domains = {path.stem for path in ROOT.joinpath("models").glob("*.py")}
    strays = {
        name_of(path)
        for floor, platform in NOT_A_DOMAIN.items()
        if platform is not None
        for path in ROOT.joinpath(floor).glob("*.py")
        if path.stem not in domains | platform
    }
    assert strays == set()


def test_nothing_is_read_from_the_environment_but_in_config() -> None:
    """Ruff says so too, and stops saying it where somebody silences it."""
    readers = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert readers == {"config.py"}


def test_doubles_import_nothing_of_ours() -> None:
    ours = {*FLOORS, "app", "config", "migrations", "tests"}
    for path in sorted(ROOT.joinpath("doubles").rglob("*.py")):
        for node in ast.walk(tree(path)):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & ours, name_of(path)


@pytest.mark.req("S5.02")
@pytest.mark.parametrize("kind", SCOPED, ids=lambda kind: kind.__name__)
def test_every_table_of_an_organization_is_found_by_it(kind: type[Base]) -> None:
    table = kind.metadata.tables[kind.__tablename__]
    keys = [each.columns.keys() for each in (*table.indexes, *table.constraints) if each.columns]
    assert "organization_id" in {columns[0] for columns in keys} or kind is Organization


def test_every_table_with_an_organization_is_scoped() -> None:
    named = {table.name for table in Base.metadata.sorted_tables if "organization_id" in table.c}
    assert named - {kind.__tablename__ for kind in SCOPED} == set(UNSCOPED)


@pytest.mark.req("S5.05", "S5.47")
def test_every_table_of_an_organization_has_the_second_lock(session: Session) -> None:
    found = text(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname = ANY(:names)"
        " AND relrowsecurity AND relforcerowsecurity AND EXISTS"
        " (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)"
    )
    names = [kind.__tablename__ for kind in SCOPED]
    assert set(names) - set(session.scalars(found, {"names": names})) == set()


@pytest.mark.req("S5.05")
def test_a_role_that_writes_is_checked_as_it_writes(session: Session) -> None:
    """A policy for writing without WITH CHECK would let rows be given away."""
    loose = text(
        "SELECT polrelid::regclass || '.' || polname FROM pg_policy"
        " WHERE polcmd IN ('a', 'w', '*') AND polwithcheck IS NULL"
    )
    assert session.scalars(loose).all() == []


@pytest.mark.req("S5.05")
def test_the_app_owns_nothing_and_bypasses_nothing(session: Session) -> None:
    logins = {"names": ["makao_app", "makao_worker", "makao_auth"]}
    mighty = text(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(:names) AND (rolsuper OR rolbypassrls)"
    )
    owning = text(
        "SELECT relname FROM pg_class JOIN pg_roles r ON r.oid = relowner"
        " WHERE rolname = ANY(:names)"
    )
    assert session.scalars(mighty, logins).all() == []
    assert session.scalars(owning, logins).all() == []


@pytest.mark.req("S5.05")
def test_what_runs_with_the_rights_of_the_owner_has_a_fixed_search_path(session: Session) -> None:
    loose = text(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " AND NOT coalesce(array_to_string(proconfig, ',') LIKE '%search_path=%pg_temp', false)"
    )
    assert session.scalars(loose).all() == []
