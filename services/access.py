"""Who may do what: roles declared as lists of verbs on tables. One page, readable by managers.

`read` and `write` are the forms and lists; every other verb is an act. `*` is every verb that the
table has, also those which later versions add.
"""

from collections.abc import Iterable, Mapping

from core.text import N_

Verbs = Mapping[str, str]

_CATALOGUE_READ = dict.fromkeys(
    (
        "project",
        "package_level",
        "package",
        "addon_category",
        "addon",
        "apartment",
        "instalment_plan",
        "apartment_owner",
    ),
    "read",
)
_CATALOGUE_WRITE = dict.fromkeys(_CATALOGUE_READ, "*")
_MONEY_READ = dict.fromkeys(
    (
        *(
            "invoice",
            "payment_intent",
            "refund",
            "payment_dispute",
            "account",
            "journal_entry",
            "book",
        ),
        *("ledger_account", "ledger_period", "ledger_hold", "financial_report"),
        *("reminder_step", "late_fee_rule", "late_fee"),
        *("tax", "tax_rate", "credit_note", "paper_style"),
        *("bank_account", "bank_statement", "bank_line", "bank_rule", "cheque"),
        *("wallet", "wallet_transaction", "wallet_order"),
        *("scheduled_bill", "scheduled_payment"),
    ),
    "read",
)
_BILLS_READ = dict.fromkeys(("bill", "billing_cycle", "bill_charge"), "read")
_BILLS_WRITE = {"bill": "*", "billing_cycle": "*", "bill_charge": "read"}
_ESTATE_READ = dict.fromkeys(("estate", "block", "unit", "ownership", "occupancy"), "read")
_ESTATE_WRITE = dict.fromkeys(_ESTATE_READ, "*")
_LEASES_READ = dict.fromkeys(
    (
        *("lease", "property_guideline", "lease_extra", "lease_charge", "price_index"),
        *("lease_template", "inspection", "inspection_item", "inspection_template"),
    ),
    "read",
)
_LEASES_WRITE = dict.fromkeys(_LEASES_READ, "*") | {"lease_charge": "read"}
_RECORDS = {"document": "*", "record_comment": "*", "saved_view": "*"}
_RECORDS_READ = {"document": "read", "record_comment": "read", "saved_view": "*"}

_SIGNS = {"portal_signing": "sign"}
"""Whoever is asked for a signature, staff or not, gives it in the portal."""
_PORTAL_MONEY = {"portal_payments": "read pay", "portal_wallet": "read use", **_SIGNS}

ROLES: Mapping[str, Verbs] = {
    "Admin": {"*": "*"},
    "Manager": {
        **_CATALOGUE_WRITE,
        **_SIGNS,
        **_ESTATE_WRITE,
        **_LEASES_WRITE,
        **_BILLS_WRITE,
        **_MONEY_READ,
        **_RECORDS,
        "signature_request": "read remind withdraw",
        "signer": "read",
        "booking": "*",
        "party": "*",
        "application": "*",
        "application_check": "*",
        "party_kyc": "*",
        "party_identifier": "*",
        "aml_case": "*",
        "aml_limit": "*",
        "import_run": "*",
        "invoice": "read draft issue void reject",
        "refund": "read retry",
        "dashboard_sales": "read",
        "audit_entry": "read",
        "event": "read",
        "saga": "read resume",
        "organization": "read",
        "membership": "read",
        "setting": "read",
        "approval": "read",
        "approval_rule": "read",
    },
    "Sales": {
        **_SIGNS,
        **_CATALOGUE_READ,
        **_ESTATE_READ,
        **_LEASES_READ,
        **_RECORDS,
        "booking": "read write hold configure confirm submit cancel join_waiting_list assign",
        "party": "read write",
        "application": "read",
        "invoice": "read",
        "payment_intent": "read",
        "dashboard_sales": "read",
        "approval": "read",
    },
    "Accountant": {
        **_SIGNS,
        **_CATALOGUE_READ,
        **_ESTATE_READ,
        **_LEASES_READ,
        **_BILLS_WRITE,
        **_MONEY_READ,
        **_RECORDS,
        "booking": "read",
        "party": "read",
        "invoice": "read draft issue void reject write_off credit use_credit",
        "bank_account": "read write look_again accept_sure",
        "bank_statement": "read take_in",
        "bank_line": "read accept pay_invoices match_payment match_entry book undo",
        "bank_rule": "read write",
        "cheque": "read deposit clear bounce",
        "tax": "read write",
        "tax_rate": "read write",
        "paper_style": "read write",
        "payment_intent": "read record confirm_transfer cancel",
        "refund": "read retry settle",
        "ledger_account": "read write",
        "reminder_step": "read write",
        "late_fee_rule": "read write charge_now",
        "journal_entry": "read post reverse",
        "book": "read close",
        "wallet": "read freeze unfreeze close reopen",
        "wallet_transaction": "read reveal",
        "wallet_order": "read reveal paid_out not_paid",
        "ledger_period": "read ask_to_reopen reopen",
        "dashboard_sales": "read",
        "approval": "read",
    },
    "Executive": {
        **_SIGNS,
        **_CATALOGUE_READ,
        **_ESTATE_READ,
        **_LEASES_READ,
        **_BILLS_READ,
        **_MONEY_READ,
        **_RECORDS_READ,
        "booking": "read",
        "party": "read",
        "dashboard_sales": "read",
        "approval": "read",
    },
    "Auditor": {
        **_CATALOGUE_READ,
        **_ESTATE_READ,
        **_LEASES_READ,
        **_BILLS_READ,
        **_MONEY_READ,
        **_RECORDS_READ,
        "booking": "read",
        "party": "read",
        "application": "read",
        "application_check": "read",
        "party_kyc": "read",
        "aml_case": "read",
        "aml_limit": "read",
        "audit_entry": "read",
        "event": "read",
        "delivery": "read",
        "saga": "read",
        "signature_request": "read",
        "signer": "read",
        "membership": "read",
        "member_invitation": "read",
        "organization": "read",
        "setting": "read",
        "import_run": "read",
        "dashboard_sales": "read",
        "approval": "read",
        "approval_rule": "read",
    },
    "Buyer": {"portal_sales": "read book", **_PORTAL_MONEY},
    "Owner": {"portal_home": "read", **_PORTAL_MONEY},
    "Resident": {"portal_home": "read", **_PORTAL_MONEY},
}
"""The roles of this version; further ones come with their domains."""

_OWN_MONEY = frozenset({"invoice", "payment_intent"})
OWN: Mapping[str, frozenset[str]] = {
    "Buyer": _OWN_MONEY | {"booking"},
    "Owner": _OWN_MONEY | {"ownership", "occupancy"},
    "Resident": _OWN_MONEY | {"ownership", "occupancy"},
}
"""Tables of which members of the portal may read the rows of their own party, by programs."""

LATER = (
    "Guard",
    "Technician",
    "Treasurer",
    "Group member",
    "Staff",
)
"""Roles whose screens come with their domains. Their holders see profile and notices."""

ROLE_LABELS = {
    "Admin": N_("Administrator"),
    "Manager": N_("Manager"),
    "Sales": N_("Sales"),
    "Accountant": N_("Accountant"),
    "Executive": N_("Executive"),
    "Auditor": N_("Auditor"),
    "Buyer": N_("Customer (buyer)"),
    "Guard": N_("Guard"),
    "Technician": N_("Technician"),
    "Owner": N_("Owner"),
    "Resident": N_("Resident"),
    "Treasurer": N_("Treasurer"),
    "Group member": N_("Group member"),
    "Staff": N_("Staff"),
}
MONEY_ROLES = frozenset({"Admin", "Manager", "Accountant"})
"""Roles whose holders need a second factor, unless the organization's setting says otherwise."""


def allows(roles: Iterable[str], table: str, verb: str) -> bool:
    """Whether one of the roles holds the verb on the table."""
    return any(
        _holds(ROLES.get(role, {}).get(table, ""), verb)
        or _holds(ROLES.get(role, {}).get("*", ""), verb)
        for role in roles
    )


def reads_own(roles: Iterable[str], table: str) -> bool:
    """Whether one of the roles reads the rows of its own party there, and of no other."""
    return any(table in OWN.get(role, ()) for role in roles)


def holders(table: str, verb: str) -> list[str]:
    """List the roles that hold the verb, for "who can grant it" and for the matrix."""
    return [role for role in ROLES if allows([role], table, verb)]


def _holds(verbs: str, verb: str) -> bool:
    return verbs == "*" or verb in verbs.split()
