"""Words for what the machine writes in its own: who did it, tables, columns, roles, accounts."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app, g
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from core.text import N_
from core.work import Work
from models.billing import PAYMENT_METHOD_LABELS, PaymentMethod
from models.bookings import BOOKING_FLOW
from models.events import Saga
from models.ledger import Account
from models.organizations import Profile
from services import access, chart, ways
from views.admin import labels, states
from views.admin.audit_labels import AUDITED, TECHNICAL
from views.admin.columns import Column, shown
from views.admin.registry import BY_TABLE, Screen
from views.admin.words import day, device, moment, names, number
from views.web.person import actor as acting

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
EXACT = re.compile(r"-?\d+\.\d{4}")
"""An amount as the database writes it."""

MACHINE = N_("Makao")
VISITOR = N_("A visitor")
SYSTEM = N_("System")
ACTIONS: Mapping[str, str] = {
    "create": N_("added"),
    "insert": N_("added"),
    "update": N_("changed"),
    "delete": N_("removed"),
    "approve": N_("approved"),
    "reject": N_("rejected"),
    "suspend": N_("suspended"),
    "activate": N_("activated"),
}
SAGAS: Mapping[str, str] = {
    "cancel_booking": N_("Cancelling a booking"),
    "onboard": N_("Taking somebody on"),
}
TABLES: Mapping[str, str] = {
    "booking_addon": N_("Add-on of a booking"),
    "booking_invoice": N_("Invoice of a booking"),
    "apartment_package": N_("Package of an apartment"),
    "apartment_addon": N_("Add-on of an apartment"),
    "instalment_step": N_("Step of an instalment plan"),
    "autopay": N_("Automatic payment"),
    "aml_movement": N_("Movement of money"),
    "data_look": N_("Look at a number of a person"),
    "autopay_run": N_("Try of an automatic payment"),
    "saved_way": N_("Saved card"),
    "bank_match": N_("Match of a bank line"),
    "credit_note_line": N_("Line of a credit note"),
    "credit_use": N_("Credit that was used"),
    "invoice_line": N_("Line of an invoice"),
    "payment_allocation": N_("Part of a payment"),
    "payment_dispute_part": N_("Part of a dispute"),
    "provider_event": N_("Message of the provider"),
    "record_comment": N_("Comment"),
    "document": N_("File"),
    "import_run": N_("Import"),
    "notification": N_("Notice"),
    "dispatch": N_("Mail"),
    "saved_view": N_("Saved view"),
    "setting": N_("Setting"),
    "scheduled_bill": N_("Bill of a resident"),
    "scheduled_payment": N_("Payment of a resident's bill"),
    "user_configuration": N_("Personal settings"),
    "profile": N_("Profile"),
    "credential": N_("Sign-in"),
}
"""What tables without a screen of their own are called."""


def people(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Say who stands behind actors like `user:<id>`, `job:relay` or `visitor`, in one statement."""
    ids = {}
    wanted = set(actors)
    for actor in wanted:
        kind, _sep, key = actor.partition(":")
        if kind == "user":
            ids[actor] = UUID(key)
    found = {}
    if ids:
        query = select(Profile.id, Profile.name).where(Profile.id.in_(set(ids.values())))
        found = {row.id: row.name for row in session.execute(query)}
    return {
        actor: (found.get(ids[actor]) or _("Somebody")) if actor in ids else _machine(actor)
        for actor in wanted
    }


def actors_in(columns: Iterable[Column], rows: Iterable[Any]) -> set[str]:
    """Collect the actors that some rows show."""
    named = [each.name for each in columns if each.key == "actor"]
    return {row[name] for row in rows for name in named if row[name]}


def cell(column: Column, value: Any, currency: str, who: Mapping[str, str]) -> Markup:
    """Write a value for a page, in words even where the machine has its own."""
    if not value:
        return shown(column, value, currency)
    if column.key == "actor":
        return escape(who.get(value) or _machine(value))
    if column.target is Account or (column.model is Account and column.key == "code"):
        return escape(account(str(value)))
    if column.model is Saga and column.key == "kind":
        return escape(_(SAGAS.get(value, value)))
    say = SAID.get(column.key)
    return escape(say(value)) if say else shown(column, value, currency)


def name(screen: Screen, held: Mapping[str, Any]) -> str:
    """Name a record as people do; `held` are what its columns hold, and its own name."""
    if not screen.called:
        return str(held["_name"] or _(screen.one))
    shown_ = cell(screen.column(screen.called), held[screen.called], "", {}).striptags()
    return str(_(screen.heading, name=shown_))


def table(name: str) -> str:
    """Say what a table's rows are called."""
    screen = BY_TABLE.get(name)
    said = screen.one if screen else TABLES.get(name)
    return str(_(said)) if said else name.replace("_", " ").capitalize()


def label(name: str) -> str:
    """Say what a column is called."""
    short = name.removesuffix("_id")
    known = (where.get(each) for where in (labels.LABELS, AUDITED) for each in (name, short))
    said = next(filter(None, known), None)
    return str(_(said)) if said else short.replace("_", " ").capitalize()


def fields(row: Mapping[str, Any]) -> Markup:
    """Say what a row held, a line a column."""
    told = [(label(key), word(value)) for key, value in row.items() if key not in TECHNICAL]
    return Markup("<br>").join(Markup("{}: {}").format(*each) for each in told)


def word(value: Any) -> str:  # noqa: PLR0911  # a kind a line
    """Say a value that was written down: instants, days, amounts and choices as people do."""
    if value is None or value == "":
        return "\u2013"
    for enum, choices in states.CHOICES.items():
        if isinstance(value, str) and value in {each.value for each in enum}:
            return str(_(choices[enum(value)]))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return moment(datetime.fromisoformat(value))
    if isinstance(value, str) and DAY.fullmatch(value):
        return day(date.fromisoformat(value))
    if isinstance(value, int | float) or (isinstance(value, str) and EXACT.fullmatch(value)):
        return number(Decimal(str(value)))
    if isinstance(value, dict):
        return "; ".join(f"{label(key)}: {word(each)}" for key, each in value.items())
    return ", ".join(map(word, value)) if isinstance(value, list) else str(value)[:80]


def role(name: str) -> str:
    """Say what a role is called."""
    return str(_(access.ROLE_LABELS.get(name) or name.capitalize()))


def account(code: str) -> str:
    """Name an account with its number: 1010 Bank."""
    if "chart" not in g:
        g.chart = chart.names(Work(db.session(), acting()))
    return f"{code} {_(g.chart[code])}" if code in g.chart else code


def _action(name: str) -> str:
    return str(_(ACTIONS.get(name.lower(), name)))


def _provider(name: str) -> str:
    if name in ways.WAYS:
        return str(_(ways.WAYS[name].label))
    own = name in {each.value for each in PaymentMethod}
    return str(_(PAYMENT_METHOD_LABELS[PaymentMethod(name)])) if own else name.capitalize()


def _language(code: str) -> str:
    return str(current_app.config["LANGUAGES"].get(code, {}).get("name", code))


def _stage(name: str) -> str:
    known = {each.value: label for each, label in BOOKING_FLOW.labels.items()}
    return str(_(known.get(name, name)))


def _client(said: str) -> str:
    address, _sep, user_agent = said.partition(" ")
    return f"{device(user_agent)} \u00b7 {address}" if user_agent else address


def _machine(actor: str) -> str:
    if actor.startswith("visitor"):
        return str(_(VISITOR))
    return str(_(MACHINE if actor.startswith(("job", "demo", "dashboard")) else SYSTEM))


SAID: Mapping[str, Callable[[Any], str]] = {
    "table_name": table,
    "source_table": table,
    "subject_table": table,
    "action": _action,
    "changed": lambda columns: names(label(each) for each in columns if each not in TECHNICAL),
    "before": fields,
    "after": fields,
    "roles": lambda roles: names(role(each) for each in roles),
    "provider": _provider,
    "client": _client,
    "locale": _language,
    "price_locked_from": _stage,
}
"""How the values of some columns are said, by the column's name."""
