"""Admin screens: accounts at banks, their statements and lines, and rules for them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from core.text import N_
from core.work import Work
from models.bank_statements import (
    BankAccount,
    BankLine,
    BankLineStatus,
    BankMatch,
    BankRule,
    BankStatement,
)
from models.payments import PaymentIntent
from models.people import Party
from services import bank_matching, bank_rules, bank_statements, bank_suggestions, bank_undoing
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.ledger import ENTRY

MENU = N_("Accounting")
PAYER = {"payer": N_("Payer or payee")}
BALANCES = {"opening": N_("Opening balance"), "closing": N_("Closing balance")}
REASON = Input("reason", N_("Reason"), Kind.long, length=400)


def pay_invoices(work: Work, row_id: UUID, numbers: Sequence[str]) -> object:
    """Let a line pay invoices, in the order given."""
    return bank_matching.with_invoices(work, row_id, bank_matching.invoices_named(work, numbers))


def match_payment(work: Work, row_id: UUID, payment: UUID) -> object:
    """Match a line with a payment."""
    return bank_matching.with_payment(work, row_id, payment)


def match_entry(work: Work, row_id: UUID, entry: UUID) -> object:
    """Match a line with an entry of the journal."""
    return bank_matching.with_entry(work, row_id, entry)


def book(work: Work, row_id: UUID, code: str, party: UUID | None, amount: Decimal) -> object:
    """Book a line, or a part of it, on an account."""
    return bank_matching.with_account(work, row_id, code.strip(), party, amount)


def _undone(row: BankLine) -> str:
    if row.matched_amount:
        return str(_("It is being taken out of the wallet. You are told if that cannot be."))
    return str(_("The line waits again."))


def _matched(row: BankLine) -> str:
    return N_("It is matched.") if row.status is BankLineStatus.matched else ""


def _out(row: BankLine) -> str:
    return _matched(row) or (N_("It went out.") if row.amount < 0 else "")


def _nothing(row: BankLine) -> str:
    return _matched(row) or ("" if row.suggestion else N_("Nothing fits it well enough."))


def _unmatched(row: BankLine) -> str:
    return "" if row.matched_amount else N_("Nothing is matched yet.")


def _import(row: Any) -> list[dict[str, str]]:
    url = url_for("BankImportsView.new", account=row.id)
    return [{"label": _("Take in a statement"), "url": url, "icon": "upload"}]


def _suggested(count: int) -> str:
    return str(_("For %(count)s there is a suggestion.", count=count))


def _accepted(done: bank_matching.Accepted) -> str:
    said = _("%(count)s lines are matched, and in the ledger.", count=done.matched)
    left = _("%(count)s could not be: look at them.", count=done.left)
    return f"{said} {left}" if done.left else str(said)


ACCOUNT = Screen(
    BankAccount,
    title=N_("Bank accounts"),
    one=N_("Bank account"),
    sentence=N_("Your accounts at banks, each with the line of a book's chart that says the same."),
    menu=MENU,
    columns="name number book code currency active",
    more="created_at",
    form="name number book code currency active",
    fixed="book code currency",
    order="name",
    before_save=bank_statements.check_account,
    inputs={
        "number": {"required": False},
        "code": {"value": "1010"},
        "currency": {"length": 3},
        "active": {"value": "1"},
    },
    labels={"number": N_("Account number"), "code": N_("Account of the chart")},
    groups=(Group(N_("Bank account"), "name number book code currency active created_at"),),
    related=(
        Related(
            BankStatement,
            "bank_account_id",
            N_("Statements"),
            "file_name begins_on ends_on opening closing lines",
            order="-ends_on",
            labels=BALANCES,
        ),
    ),
    acts=(
        Act(
            bank_suggestions.look_again,
            N_("Look for suggestions again"),
            icon="refresh",
            outcome=_suggested,
        ),
        Act(
            bank_matching.accept_sure,
            N_("Accept what is sure"),
            icon="checks",
            money=True,
            bulk=False,
            inputs=(
                Input(
                    "least",
                    N_("Points at least"),
                    Kind.number,
                    whole=True,
                    start=lambda _row: 60,
                    hint=N_("Of 100. A rule has 100, a number that is named 60, an amount 30."),
                ),
            ),
            outcome=_accepted,
        ),
    ),
    print_links=_import,
    empty=N_("Add the account that your statements are of, then take one in."),
    drawing="money",
)
STATEMENT = Screen(
    BankStatement,
    title=N_("Bank statements"),
    one=N_("Bank statement"),
    sentence=N_("Files of banks that were taken in; each line once."),
    menu=MENU,
    columns="file_name bank_account begins_on ends_on opening closing lines known created_at",
    search="file_name",
    filters="bank_account begins_on ends_on",
    order="-id",
    called="file_name",
    groups=(
        Group(
            N_("Bank statement"),
            "bank_account begins_on ends_on opening closing lines known created_at",
        ),
    ),
    related=(
        Related(
            BankLine,
            "statement_id",
            N_("Lines"),
            "description payer booked_on amount status suggestion",
            order="booked_on",
            labels=PAYER,
        ),
    ),
    labels=BALANCES,
    add_page="BankImportsView.new",
    add_verb="take_in",
    programs="currency",
    empty=N_("No statement was taken in yet."),
    drawing="money",
)
LINE = Screen(
    BankLine,
    title=N_("Bank lines"),
    one=N_("Bank line"),
    sentence=N_("What moved at the bank, and whether it is in the books."),
    menu=MENU,
    columns="description status booked_on amount payer reference suggestion score",
    more="bank_account matched_amount",
    search="payer reference description",
    filters="status bank_account booked_on amount score",
    order="-booked_on",
    acts=(
        Act(
            bank_matching.accept,
            N_("Accept the suggestion"),
            move="match",
            icon="checks",
            money=True,
            unless=_nothing,
            confirm=N_("Each line becomes what was suggested for it, and is in the ledger."),
            done=N_("It is matched, and in the ledger."),
        ),
        Act(
            pay_invoices,
            N_("Pay invoices by it"),
            move="match",
            icon="file-invoice",
            money=True,
            unless=_out,
            bulk=False,
            inputs=(
                Input(
                    "numbers",
                    N_("Invoices"),
                    Kind.names,
                    hint=N_("Numbers with commas between them: INV-000012, INV-000013."),
                ),
            ),
            done=N_("The invoices are paid as far as it goes. What is left waits."),
        ),
        Act(
            match_payment,
            N_("Match with a payment"),
            move="match",
            icon="link",
            money=True,
            unless=_matched,
            bulk=False,
            inputs=(Input("payment", N_("Payment"), Kind.relation, target=PaymentIntent),),
            done=N_("The payment and the line are one."),
        ),
        Act(
            match_entry,
            N_("Match with an entry"),
            move="match",
            icon="list-check",
            money=True,
            unless=_matched,
            bulk=False,
            inputs=(
                Input(
                    "entry",
                    N_("Entry"),
                    Kind.relation,
                    target=ENTRY.model,
                    hint=N_(
                        "One that has moved just this on the account, like money that was paid out."
                    ),
                ),
            ),
            done=N_("The entry and the line are one. Nothing was posted."),
        ),
        Act(
            book,
            N_("Book on an account"),
            move="match",
            icon="book",
            money=True,
            unless=_matched,
            bulk=False,
            inputs=(
                Input(
                    "code", N_("Account of the chart"), length=20, hint=N_("Bank charges: 5820.")
                ),
                Input(
                    "party",
                    N_("Party"),
                    Kind.relation,
                    target=Party,
                    required=False,
                    nullable=True,
                    hint=N_(
                        "Whose account it is, where the account is somebody's: 2300 is credit."
                    ),
                ),
                Input(
                    "amount",
                    N_("Amount"),
                    Kind.money,
                    start=lambda row: abs(row.amount - row.matched_amount),
                ),
            ),
            done=N_("It is in the ledger."),
        ),
        Act(
            bank_undoing.undo_all,
            N_("Undo the match"),
            verb="undo",
            move="undo",
            icon="arrow-back-up",
            tone="danger",
            money=True,
            unless=_unmatched,
            bulk=False,
            inputs=(REASON,),
            confirm=N_("What it had posted is reversed, and invoices ask for their money again."),
            outcome=_undone,
        ),
    ),
    labels=PAYER,
    called="description",
    heading=N_("Bank line: %(name)s"),
    figures="amount matched_amount",
    groups=(
        Group(N_("Bank line"), "bank_account booked_on payer reference description"),
        Group(N_("Suggestion"), "suggestion score"),
    ),
    related=(
        Related(
            BankMatch,
            "line_id",
            N_("Matched with"),
            "intent code party amount matched_at undone_at",
        ),
    ),
    presets=(
        Preset(N_("Not matched"), "status=unmatched&status=part"),
        Preset(N_("Matched"), "status=matched"),
    ),
    programs="currency",
    empty=N_("Nothing moved yet, or no statement was taken in."),
    drawing="money",
)
RULE = Screen(
    BankRule,
    title=N_("Bank rules"),
    one=N_("Bank rule"),
    sentence=N_("What lines of some kind are, so that you only have to accept it."),
    menu=MENU,
    columns="name position test pattern code party active",
    more="least most created_at",
    form="name position test pattern least most code party active",
    order="position",
    before_save=bank_rules.check,
    deletable=True,
    inputs={
        "code": {"required": False},
        "party": {"required": False},
        "least": {"required": False},
        "most": {"required": False},
        "position": {"value": "10", "whole": True},
        "test": {"value": "contains"},
        "active": {"value": "1"},
    },
    labels={"code": N_("Account of the chart"), "position": N_("Order")},
    hints={
        "pattern": N_(
            "Compared with payer, reference and text; * stands for anything in a pattern."
        ),
        "code": N_("Where it goes: 5820 for bank charges."),
        "party": N_("Or whose invoices it pays."),
        "position": N_("The first that fits counts."),
    },
    groups=(Group(N_("Bank rule"), "position test pattern least most code party active"),),
    empty=N_("No rules yet. Add one for what comes each month: bank charges, say."),
    drawing="money",
)
SCREENS = [ACCOUNT, STATEMENT, LINE, RULE]
