"""Cheques, bank statements, credit notes, bills of one's own, autopay: asked in SQL by hand.

Whoever is signed in to the portal reads their own alone and writes next to nothing; roles of the
staff change neither amounts nor states past the services, whatever runs with their secret.
"""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.scope import Scope, seeing
from core.work import Work
from models.autopay import Autopay
from models.bank_statements import BankLine
from models.billing import PaymentMethod
from models.bills import Every
from models.organizations import STAFF
from models.scheduled_bills import Mode
from models.wallet_orders import Channel
from services import (
    autopay,
    billing,
    cheques,
    credit_notes,
    ledger,
    payments,
    scheduled_bills,
    top_ups,
    wallet_orders,
    wallets,
)
from services.payments import Outcome, Part
from services.scheduled_bills import Wish
from services.wallet_payouts import Destination
from tests import make
from tests.filled import _match_bank as match_bank

TABLES = (
    *("cheque", "credit_note", "credit_note_line", "credit_use"),
    *("scheduled_bill", "scheduled_payment", "autopay", "autopay_run"),
    *("bank_account", "bank_statement", "bank_line", "bank_match", "bank_rule"),
    *("wallet_order", "wallet_transaction", "provider_event"),
)
OWN = (*TABLES[:8], "wallet_order", "wallet_transaction")
"""Those of which a member of the portal reads their own."""
THROUGH = ("credit_note_line", "scheduled_payment", "wallet_order")
"""Those that belong to a party by another row; both parties have as many."""


@dataclass
class Both:
    """Two customers with a row in each table, of whom one signs in; and somebody of the staff."""

    home: UUID
    names: dict[str, UUID]
    portal: str
    desks: dict[str, str]


def filled(work: Work, party_id: UUID) -> UUID:
    """Give a party a row of each kind; gives its wallet."""
    line = billing.Line("x", Decimal(100), "4400")
    asked = [
        billing.issue(
            work,
            billing.draft(work, party_id, "KES", "x", [line]).id,
            ledger.business_date(work),
        ).id
        for _ in range(3)
    ]
    cheques.receive(work, [Part(asked[0])], "7", "x", ledger.business_date(work))
    credit_notes.write(work, asked[1], Decimal(10), "x")
    wallet = wallets.open_for(work, party_id)
    put_in = top_ups.begin(work, wallet.id, Decimal(900), PaymentMethod.bank_transfer)
    payments.settle(work, put_in.id, Outcome("succeeded", Decimal(900), "KES"))
    ask = wallet_orders.Ask(wallet.id, None, "x")
    where = Destination(Channel.bank, "0123456789", "x", "x")
    wallet_orders.carry_out(work, wallet_orders.withdraw(work, ask, Decimal(100), where).id)
    agreed = Autopay(organization_id=work.scope.home(), party_id=party_id, wallet_id=wallet.id)
    agreed.currency, agreed.since = "KES", ledger.business_date(work)
    work.session.add(agreed)
    work.session.flush()
    autopay.pay(work, agreed.id, asked[2])
    wish = Wish(
        *("x", Decimal(9), "x", "", Channel.mobile_money, "", "254700", Every.week),
        *(ledger.business_date(work), Mode.ask, [1]),
    )
    scheduled_bills.add(work, wallet.id, wish)
    scheduled_bills.write_down(work)
    return wallet.id


@pytest.fixture
def both(work: Work) -> Both:
    door, home = db.door(), work.scope.home()
    mine, other = make.party(work).id, make.party(work).id
    wallet, others = filled(work, mine), filled(work, other)
    match_bank(work, make.party(work).id)
    profile = make.user(door)
    make.member(work, profile, "Resident", party_id=mine)
    desks = {}
    for role in STAFF:
        somebody = make.user(door)
        make.member(work, somebody, role)
        desks[role] = make.key(door, somebody)
    names = {"home": home, "mine": mine, "other": other, "wallet": wallet, "others": others}
    work.session.commit()
    assert work.session.scalars(select(BankLine)).all()
    return Both(home, names, make.key(door, profile), desks)


def tried(app: Flask, both: Both, key: str, statement: str) -> str | int:
    """Run it as the web would; gives how many rows, `no`, or what else was said. Nothing stays."""
    told = Scope(both.home, key=key, everywhere=True)
    with Session(app.extensions["engines"]["web"]) as session, seeing(session, told):
        try:
            result = session.execute(text(statement), both.names)
            if result.returns_rows:  # type: ignore[attr-defined]
                return len(result.all())
            session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            return int(result.rowcount)  # type: ignore[attr-defined]
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", "") or ""
            return "no" if state == "42501" or state.startswith("23") else str(error.orig)
        finally:
            with suppress(DBAPIError):
                session.rollback()


@pytest.mark.req("S5.47", "S1.62")
def test_a_member_of_the_portal_reads_their_own_rows_and_no_others(
    both: Both, app: Flask, superuser: Engine
) -> None:
    with superuser.connect() as door:
        all_of = {
            table: door.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            for table in TABLES
        }
    for table in TABLES:
        seen = tried(app, both, both.portal, f"SELECT 1 FROM {table}")  # noqa: S608
        if table not in OWN:
            assert seen == 0, table
        elif table in THROUGH:
            assert seen == all_of[table] // 2 > 0, table
        else:
            mine = f"SELECT 1 FROM {table} WHERE party_id = :mine"  # noqa: S608
            assert seen == tried(app, both, both.portal, mine) != 0, table


PORTAL = {
    "a cheque that cleared": "UPDATE cheque SET status = 'cleared', cleared_on = current_date",
    "a larger cheque": "UPDATE cheque SET amount = 9999",
    "a cheque of one's own": "INSERT INTO cheque (id, organization_id, number, bank, party_id,"
    " intent_id, status, amount, currency, written_on) SELECT gen_random_uuid(), :home, '9', 'x',"
    " :mine, id, 'received', 1, 'KES', current_date FROM payment_intent LIMIT 1",
    "a larger credit note": "UPDATE credit_note SET total = 9999",
    "a line of it": "UPDATE credit_note_line SET net_amount = 9999",
    "a credit note": "INSERT INTO credit_note (id, organization_id, number, invoice_id, party_id,"
    " currency, reason, once, issued_at) SELECT gen_random_uuid(), :home, 'X', invoice_id,"
    " party_id, currency, 'x', 'x', now() FROM credit_note LIMIT 1",
    "credit used": "INSERT INTO credit_use (id, organization_id, invoice_id, party_id, amount,"
    " currency, used_at) SELECT gen_random_uuid(), :home, invoice_id, party_id, 1, currency, now()"
    " FROM credit_use LIMIT 1",
    "a larger bill": "UPDATE scheduled_bill SET amount = 1",
    "another account": "UPDATE scheduled_bill SET account_number = 'x', account_locked = 'x'",
    "a bill that pays itself": "UPDATE scheduled_bill SET mode = 'pay'",
    "a bill of another's wallet": "UPDATE scheduled_bill SET wallet_id = :others",
    "another's bill": "UPDATE scheduled_bill SET party_id = :other",
    "a bill that was paid": "UPDATE scheduled_payment SET status = 'paid'",
    "an approval without the PIN": "UPDATE scheduled_payment SET status = 'approved'",
    "another day": "UPDATE scheduled_payment SET due_on = current_date + 90",
    "no bill": "DELETE FROM scheduled_payment",
    "automatic payment without a limit": "UPDATE autopay SET most = NULL, active = true",
    "from another's wallet": "UPDATE autopay SET wallet_id = :others",
    "a run": "INSERT INTO autopay_run (id, organization_id, party_id, autopay_id, invoice_id,"
    " due_on, attempt, tried_on, outcome, currency) SELECT gen_random_uuid(), :home, party_id,"
    " autopay_id, invoice_id, due_on, 9, tried_on, outcome, currency FROM autopay_run LIMIT 1",
    "another outcome": "UPDATE autopay_run SET outcome = 'paid'",
    "a line of the bank": "UPDATE bank_line SET status = 'open'",
    "a statement": "DELETE FROM bank_statement",
    "an account at a bank": "UPDATE bank_account SET name = 'x'",
    "a rule": "DELETE FROM bank_rule",
    "an order that a provider sends": "INSERT INTO wallet_order (id, organization_id,"
    " wallet_id, kind, status, amount, currency, key, channel, provider)"
    " VALUES (gen_random_uuid(), :home, :wallet,"
    " 'withdrawal', 'requested', 1, 'KES', 'y', 'mobile_money', 'mpesa')",
    "an order that was called": "UPDATE wallet_order SET called_at = now(), provider = 'mpesa'",
    "an order that is due": "UPDATE wallet_order SET check_at = now()",
    "word of a provider": "UPDATE provider_event SET handled_at = now()",
}  # fmt: skip


@pytest.mark.req("S5.47")
def test_a_member_of_the_portal_changes_neither_amounts_nor_states(both: Both, app: Flask) -> None:
    said = {each: tried(app, both, both.portal, sql) for each, sql in PORTAL.items()}

    assert {each: how for each, how in said.items() if how not in ("no", 0)} == {}


def test_what_a_member_may_do_to_their_own_bills_is_done(both: Both, app: Flask) -> None:
    for statement in (
        "UPDATE scheduled_bill SET active = false",
        "UPDATE scheduled_bill SET remind_days = '{3}'",
        "UPDATE scheduled_payment SET status = 'skipped'",
    ):
        assert tried(app, both, both.portal, statement) not in ("no", 0), statement


MONEY = frozenset({"Admin", "Accountant"})
NOBODY: frozenset[str] = frozenset()
STAFFS: dict[str, tuple[frozenset[str], str]] = {
    "a larger cheque": (NOBODY, "UPDATE cheque SET amount = 9999"),
    "another's cheque": (NOBODY, "UPDATE cheque SET party_id = :other, number = '8'"),
    "no cheque": (NOBODY, "DELETE FROM cheque"),
    "a cheque at the bank": (
        MONEY,
        "UPDATE cheque SET status = 'deposited', deposited_on = written_on",
    ),
    "a larger credit note": (NOBODY, "UPDATE credit_note SET total = 9999"),
    "a line of it": (NOBODY, "UPDATE credit_note_line SET net_amount = 9999"),
    "no credit note": (NOBODY, "DELETE FROM credit_note"),
    "less credit used": (NOBODY, "UPDATE credit_use SET amount = 1"),
    "a larger bill of a resident": (NOBODY, "UPDATE scheduled_bill SET amount = 1"),
    "another account of it": (NOBODY, "UPDATE scheduled_bill SET account_locked = 'x'"),
    "a resident's bill that pays itself": (NOBODY, "UPDATE scheduled_bill SET mode = 'pay'"),
    "a resident's approval": (NOBODY, "UPDATE scheduled_payment SET status = 'approved'"),
    "automatic payment": (NOBODY, "UPDATE autopay SET most = 99999"),
    "automatic payment begun": (NOBODY, "UPDATE autopay SET active = true"),
    "another outcome of it": (NOBODY, "UPDATE autopay_run SET outcome = 'paid'"),
    "a line of the bank": (NOBODY, "UPDATE bank_line SET amount = 9999"),
    "its day": (NOBODY, "UPDATE bank_line SET booked_on = current_date - 9"),
    "no line": (NOBODY, "DELETE FROM bank_line"),
    "another closing": (NOBODY, "UPDATE bank_statement SET closing = 9999"),
    "a match": (NOBODY, "UPDATE bank_match SET amount = 9999"),
    "a rule": (MONEY, "UPDATE bank_rule SET name = 'y'"),
    "an order of a wallet": (NOBODY, "UPDATE wallet_order SET amount = 1"),
    "an order that a provider sends": (
        NOBODY,
        "UPDATE wallet_order SET provider = 'mpesa', called_at = now()",
    ),
    "a movement": (NOBODY, "UPDATE wallet_transaction SET amount = 1"),
}


@pytest.mark.req("S5.04", "S5.39", "S5.47")
@pytest.mark.parametrize("role", STAFF)
def test_the_staff_changes_what_its_role_may_and_no_amounts(
    both: Both, app: Flask, role: str
) -> None:
    wrong = {}
    for attempt, (roles, statement) in STAFFS.items():
        said = tried(app, both, both.desks[role], statement)
        allowed = role in roles
        if (said in {"no", 0}) == allowed or (isinstance(said, str) and said != "no"):
            wrong[attempt] = said

    assert wrong == {}
