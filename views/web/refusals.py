"""How a no is said: by the database in a sentence, and to programs as RFC 9457 problem details."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, g, has_request_context, jsonify
from flask_appbuilder import Model
from flask_babel import gettext
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import SQLAlchemyError

from core.db import broken_constraint
from core.errors import Mistakes, Refused
from core.text import N_

log = logging.getLogger(__name__)

SENTENCES = {
    "22001": N_("A text is longer than there is room for."),
    "22003": N_("A number is larger than there is room for."),
    "22021": N_("A text has a character that cannot be kept."),
    "22P02": N_("A value cannot be read."),
    "22P05": N_("A text has a character that cannot be kept."),
    "23001": N_("Other records still need it."),
    "23502": N_("A required value is missing."),
    "23503": N_("Other records still need it, or what it names is not there."),
    "23505": N_("There is one like it already."),
    "23514": N_("A rule of the business forbids it."),
    "23P01": N_("It overlaps with another record."),
    "40001": N_("Somebody else changed it at the same time. Try again."),
    "40P01": N_("Somebody else changed it at the same time. Try again."),
    "42501": N_("You may not write that."),
    "55P03": N_("Somebody else is changing it. Try again."),
}
TRIGGERS = {
    "account_in_chart": N_("Nothing is posted to this account: it is a heading, or not active."),
    "append_only": N_("What is written here stays as it is."),
    "inspection_stays": N_("This inspection is signed off, and stays as it is."),
    "inspection_is_whole": N_("Say of each thing what it was found like, then sign it off."),
    "inspection_item_currency": N_("A cost is in the currency of the lease."),
    "inspection_files": N_("Pictures of an inspection are kept among its files."),
    "last_period_first": N_("A later period is closed. Open that one first."),
    "ledger_account_currency": N_("The account is kept in another currency already."),
    "ledger_account_parent": N_(
        "An account stands under a heading of the same book and type, to which nothing is posted."
    ),
    "period_is_open": N_("This day is closed. Choose a later one, or have the period opened."),
    "system_account_stays": N_("Makao itself posts to this account: it keeps its code and type."),
    "booking_addon_max_units": N_("That is more units of the add-on than one apartment may have."),
    "booking_addon_category_limit": N_(
        "That is more of this category of add-ons than one apartment may have."
    ),
    "invoice_frozen": N_("The invoice is issued and stays as it is. Void it and issue another."),
    "invoice_closed": N_("The invoice is closed."),
    "owners_hold_at_most_all": N_("The owners of an apartment hold at most 100 percent of it."),
    "billing_cycle_stays": N_("What a period of a bill asks for is settled when it is planned."),
    "shares_within_whole": N_("The owners of a unit hold at most all of it on each day."),
    "plan_adds_up": N_("The steps of a plan add up to 100 percent."),
    "entry_balances": N_("The sides of the entry do not balance."),
}
"""What the triggers' own rules say."""
REPORTED = N_("Something went wrong. It has been reported under the number %(number)s.")


class DatabaseRefused(Refused):
    """The database said no. The sentence stands beside the constraint, as `info={"says": ...}`."""

    code = "database_refused"
    status = 422


def sentence(refusal: Refused) -> str:
    """Say a refusal to a person, in their language."""
    said = gettext(refusal.says)
    values = {key: _in_words(value) for key, value in refusal.values.items()}
    return str(said % values if values else said)


def _in_words(value: Any) -> Any:
    if isinstance(value, tuple):
        return ", ".join(gettext(each) for each in value)
    return gettext(value) if isinstance(value, str) else value


def answer(refusal: Refused) -> Response:
    """Say no in a way a program can read. Bugs do not come here; they are 500s."""
    body = {
        "type": f"urn:makao:refusal:{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": sentence(refusal),
        "code": refusal.code,
    }
    wrong = refusal.found if isinstance(refusal, Mistakes) else {}
    wrong = wrong or ({refusal.field: refusal} if refusal.field else {})
    if wrong:
        body["errors"] = [{"field": name, "detail": sentence(e)} for name, e in wrong.items()]
    return problem(body)


def problem(body: dict[str, Any]) -> Response:
    """Write a problem document."""
    if has_request_context() and "request_id" in g:
        body["instance"] = f"urn:makao:request:{g.request_id}"
    response = jsonify(body)
    response.status_code = body["status"]
    response.content_type = "application/problem+json"
    return response


@contextmanager
def in_words(session: Any) -> Iterator[None]:
    """Turn database errors into sentences. Theirs hold SQL, and values of other people's rows.

    Raises:
        DatabaseRefused: with the sentence of the constraint, or of the kind of error.

    """
    try:
        with session.no_autoflush:
            yield
    except (SQLAlchemyError, ValueError) as error:
        if isinstance(error, ValueError) and "NUL" not in str(error):
            raise
        session.rollback()
        raise refusal_of(error) from None


def refusal_of(error: Exception) -> DatabaseRefused:
    """Find the words for what the database refused; an error without any is logged."""
    if isinstance(error, ValueError):
        return DatabaseRefused(SENTENCES["22021"])
    cause = getattr(error, "orig", None)
    broken = broken_constraint(error)
    said = _said_by_constraint(broken) or SENTENCES.get(getattr(cause, "sqlstate", None) or "")
    if said:
        return DatabaseRefused(said)
    log.error("the database failed", exc_info=error)
    return DatabaseRefused(REPORTED, number=g.get("request_id", "-"))


def _said_by_constraint(broken: str | None) -> str | None:
    if broken in TRIGGERS:
        return TRIGGERS[broken]
    name = PGDialect().identifier_preparer.format_constraint  # type: ignore[no-untyped-call]
    for table in Model.metadata.tables.values():
        for rule in (*table.constraints, *table.indexes):
            if "says" in rule.info and broken in (name(rule), rule.name):
                return str(rule.info["says"])
    return None
