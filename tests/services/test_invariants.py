"""A check counts only after it has caught what it is for: each is shown one planted fault."""

import pytest
from sqlalchemy import Connection, text

from services.invariants import INVARIANTS

CHECKS = {each.code: each for each in INVARIANTS}
FAULTS = {
    "I1": "UPDATE posting SET amount = amount + 1 WHERE id = (SELECT id FROM posting LIMIT 1)",
    "I1b": "DELETE FROM posting WHERE entry_id = (SELECT entry_id FROM posting LIMIT 1)",
    "I2": "UPDATE account SET balance = balance + 0.01 WHERE balance IS NOT NULL",
    "I2t": "UPDATE ledger_total SET debit = debit + 1, credit = credit + 1 WHERE span = 'month'",
    "I4": "UPDATE account SET held = held + 1 WHERE guarded",
    "P1": "UPDATE book SET closed_through = now()",
    "I5": "UPDATE journal_entry SET key = 'x' || key WHERE key LIKE 'payment:%'",
    "I6": "DROP INDEX uq_booking_one_per_apartment;"
    " DROP INDEX uq_booking_one_place_per_customer; UPDATE booking SET status = 'in_progress',"
    " original_id = (SELECT original_id FROM booking LIMIT 1) WHERE status <> 'pending'",
    "C1": "UPDATE row_count SET rows = rows + 1 WHERE table_name = 'booking'",
    "S1": "UPDATE booking SET addons_price = addons_price + 1",
    "S3": "UPDATE invoice_line SET quantity = quantity + 1 WHERE tax_id IS NULL",
    "S4": "ALTER TABLE invoice DROP CONSTRAINT ck_invoice_paid_is_paid;"
    " UPDATE invoice SET paid_amount = paid_amount - 1 WHERE status = 'paid'",
    "S5": "UPDATE booking SET base_price = base_price + 1 WHERE status = 'in_progress'",
    "S8": "ALTER TABLE invoice_line DROP CONSTRAINT ck_invoice_line_part_contains_its_tax;"
    " ALTER TABLE invoice_line DROP CONSTRAINT ck_invoice_line_tax_is_its_percent;"
    " UPDATE invoice_line SET taxed_after = 99",
    "S7": "UPDATE credit_note SET total = total + 1",
    "U1": "UPDATE posting SET unit_id = gen_random_uuid() WHERE entry_id IN"
    " (SELECT id FROM journal_entry WHERE source_table = 'invoice')",
    "S6": "UPDATE account SET balance = balance + 1 WHERE code = '1200'",
}


def offenders(connection: Connection, code: str) -> list[object]:
    return list(connection.scalars(text(CHECKS[code].offenders)))


def test_each_check_has_a_fault() -> None:
    assert set(FAULTS) == set(CHECKS)


@pytest.mark.req("S3.45")
@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_caught(connection: Connection, code: str) -> None:
    assert offenders(connection, code) == []
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in FAULTS[code].split("; "):
        connection.execute(text(statement))

    assert offenders(connection, code)
