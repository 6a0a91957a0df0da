"""What the database itself refuses: every constraint that has a name is broken here once.

A constraint which is added and not broken here fails the last test.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Enum,
    Index,
    Table,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGDialect

from core.db import Base
from tests.filled import Do, duplicate

TABLES = {
    each.name: each for each in Base.metadata.sorted_tables if not each.name.startswith("ab_")
}
NAME = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Unique:
    """Columns that no two rows share, of all rows or of those that a condition names."""

    table: Table
    name: str
    columns: tuple[str, ...]
    where: str = "true"


def uniques() -> Iterator[Unique]:
    for table in TABLES.values():
        for rule in table.constraints:
            if isinstance(rule, UniqueConstraint):
                name = str(NAME.format_constraint(rule))
                yield Unique(table, name, tuple(each.name for each in rule.columns))
        for index in table.indexes:
            if index.unique:
                yield _of_index(table, index)


def _of_index(table: Table, index: Index) -> Unique:
    where = index.dialect_options["postgresql"]["where"]
    columns = tuple(each.name for each in index.columns)
    return Unique(table, str(index.name), columns, str(where) if where is not None else "true")


# A key with the row's own id in it serves foreign keys; nothing can break it but a second id.
UNIQUES = sorted(
    (each for each in uniques() if "id" not in each.columns), key=lambda each: each.name
)


def another(column: Column[object]) -> str:
    """Give SQL for a value that no other row has."""
    kind = str(column.type).split("(")[0]
    number = "(random() * 1e6)::int + 1000"
    return {
        "UUID": "gen_random_uuid()",
        "CHAR": "gen_random_uuid()",
        "INTEGER": number,
        "BIGINT": number,
        "BLOB": "sha256(gen_random_uuid()::text::bytea)",
        "BYTEA": "sha256(gen_random_uuid()::text::bytea)",
        "DATE": "current_date + (random() * 9999)::int",
        "DATETIME": "now() + random() * interval '9 years'",
        "TIMESTAMP": "now() + random() * interval '9 years'",
    }.get(kind, "left(gen_random_uuid()::text, 20)")


@pytest.mark.parametrize("rule", UNIQUES, ids=lambda each: each.name)
def test_no_two_rows_share_what_is_unique(refused: Do, rule: Unique) -> None:
    """A copy of a row that differs in all other unique columns breaks this one."""
    others = {
        column
        for each in UNIQUES
        if each.table is rule.table and each.name != rule.name
        for column in each.columns
    }
    free = others - set(rule.columns) - {"organization_id", "currency", "chain"}
    values = {name: another(rule.table.columns[name]) for name in free if _writable(rule, name)}
    values |= EXTRA.get(rule.name, {})

    filled = [f'AND "{name}" IS NOT NULL' for name in rule.columns]
    where = " ".join([f"({rule.where})", *filled])

    assert refused(duplicate(rule.table, where, **values)) == rule.name


EXTRA = {
    "uq_autopay_in_force": {"saved_way_id": "NULL"},
    "uq_autopay_organization_id_saved_way_id": {"wallet_id": "NULL"},
    "uq_autopay_organization_id_wallet_id": {"saved_way_id": "NULL"},
    "uq_aml_case_organization_id_number": {"rule": "rule"},
    "uq_cheque_organization_id_intent_id": {"number": "'9'"},
    # A mail is about one thing.
    "uq_dispatch_organization_id_document_id_address": {
        "notification_id": "NULL",
        "channel": "'email'",
    },
    "uq_dispatch_organization_id_notification_id_channel": {"document_id": "NULL"},
    "uq_bill_charge_organization_id_cycle_id_position": {"problem": "'none'"},
    "uq_bill_charge_of_bill": {
        **dict.fromkeys(("lease_id", "period_on", "due_on"), "NULL"),
        "position": "position + 99",
    },
    "uq_bill_charge_of_lease": {
        **{name: name for name in ("unit_id", "party_id", "problem")},
        "position": "position + 99",
    },
    "uq_late_fee_rule_active": {"lease_id": "NULL"},
    "uq_late_fee_rule_of_lease": {"estate_id": "NULL"},
    "uq_inspection_organization_id_number": {"kind": "'periodic'"},
    "uq_inspection_template_all": {"unit_type": "NULL"},
    "uq_lease_template_all": {"estate_id": "NULL"},
    "uq_property_guideline_estate": {"unit_type": "NULL", "unit_id": "NULL"},
    "uq_property_guideline_type": {"unit_id": "NULL"},
    "uq_property_guideline_unit": {"unit_type": "NULL", "estate_id": "estate_id"},
    "uq_lease_organization_id_number": {"status": "'draft'"},
    "uq_ledger_account_organization_id_book_id_code": {
        "type": "CASE \"type\" WHEN 'asset' THEN 'expense' ELSE 'asset' END",
        "parent_id": "NULL",
    },
    # What succeeded is its entry's, and takes its place in the chain from the database.
    "uq_wallet_transaction_organization_id_reference": {
        "status": "'failed'",
        "entry_id": "NULL",
        "position": "NULL",
    },
    "uq_booking_one_place_per_customer": {  # on the waiting list: without a hold
        "status": "'pending'",
        "hold_until": "NULL",
        "apartment_id": "NULL",
    },
}


def _writable(rule: Unique, name: str) -> bool:
    return rule.table.columns[name].computed is None


STATES = [
    (table, column.name)
    for table in TABLES.values()
    for column in table.columns
    if isinstance(column.type, Enum)
]


@pytest.mark.parametrize(("table", "column"), STATES, ids=str)
def test_a_state_that_does_not_exist_is_refused(
    connection: Connection, refused: Do, table: Table, column: str
) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))  # append-only, too
    broken = refused(f'UPDATE "{table}" SET "{column}" = \'nonsense\'')  # noqa: S608

    assert broken == f"ck_{table}_{table.columns[column].type.name}"  # type: ignore[attr-defined]


CHECKS = {
    "ck_account_held_where_guarded": "UPDATE account SET held = 1 WHERE NOT guarded",
    "ck_account_not_overdrawn": "UPDATE account SET held = held + 1000 WHERE guarded",
    "ck_account_within_cap": "UPDATE account SET cap = 1 WHERE guarded",
    "ck_account_balance_of_a_party": "UPDATE account SET balance = 1 WHERE party_id IS NULL",
    "ck_addon_max_units": "UPDATE addon SET max_units = 0",
    "ck_addon_price": "UPDATE addon SET price_per_unit = -1",
    "ck_addon_category_max_units": "UPDATE addon_category SET max_units = 0",
    "ck_apartment_area": "UPDATE apartment SET area = 0",
    "ck_apartment_base_price": "UPDATE apartment SET base_price = -1",
    "ck_apartment_clone_status": "UPDATE apartment SET status = 'withdrawn', customer_id = NULL"
    " WHERE source_id IS NOT NULL",
    "ck_apartment_customer_when_taken": "UPDATE apartment SET status = 'for_sale'"
    " WHERE customer_id IS NOT NULL AND source_id IS NULL",
    "ck_apartment_template_status": "UPDATE apartment SET type = 'template'"
    " WHERE source_id IS NULL",
    "ck_apartment_type_fits_project": "UPDATE apartment SET type = 'standalone'",
    "ck_apartment_owner_share": "UPDATE apartment_owner SET share = 0",
    "ck_approval_closed_when_over": "UPDATE approval SET closed_at = now()"
    " WHERE status = 'waiting'",
    "ck_approval_rule_ends_after_it_begins": "UPDATE approval_rule"
    " SET until_version = since_version",
    "ck_booking_complete_when_confirmed": "UPDATE booking SET package_id = NULL"
    " WHERE status = 'in_progress'",
    "ck_booking_has_clone": "UPDATE booking SET apartment_id = NULL WHERE status = 'in_progress'",
    "ck_booking_addon_units": "UPDATE booking_addon SET units = 0",
    "ck_bill_amount": "UPDATE bill SET amount = -1",
    "ck_bill_discount": "UPDATE bill SET discount_percent = 100",
    "ck_bill_due_days": "UPDATE bill SET due_days = 366",
    "ck_bill_ends_after_it_begins": "UPDATE bill SET until = first_on - 1",
    "ck_bill_formula_where_asked": "UPDATE bill SET formula = 'area'",
    "ck_bill_types_exist": "UPDATE bill SET audience_types = '{castle}'",
    "ck_billing_cycle_done_is_whole": "UPDATE billing_cycle SET status = 'done'",
    "ck_billing_cycle_issued_within_charges": "UPDATE billing_cycle SET issued = charges + 1"
    " WHERE status <> 'done'",
    "ck_bill_charge_rent_has_period": "UPDATE bill_charge SET period_on = now()"
    " WHERE lease_id IS NULL",
    "ck_billing_cycle_of_bill_or_rents": "UPDATE billing_cycle SET estate_id = (SELECT id FROM"
    " estate LIMIT 1) WHERE bill_id IS NOT NULL",
    "ck_lease_charge_amounts": "INSERT INTO lease_charge (id, organization_id, lease_id,"
    " period_on, period_until, kind, item_id, says, code, gross, discount) SELECT"
    " gen_random_uuid(), organization_id, id, since, since, 'rent', id, 'x', '4200', 1, 2 FROM"
    " lease LIMIT 1",
    "ck_lease_charge_period": "INSERT INTO lease_charge (id, organization_id, lease_id, period_on,"
    " period_until, kind, item_id, says, code, gross) SELECT gen_random_uuid(), organization_id,"
    " id, since, since - 1, 'rent', id, 'x', '4200', 1 FROM lease LIMIT 1",
    "ck_lease_extra_amount": "UPDATE lease_extra SET amount = 0",
    "ck_lease_extra_ends_after_it_begins": "UPDATE lease_extra SET until = since - 1",
    "ck_lease_template_has_wording": "UPDATE lease_template SET wording = ' '",
    "ck_lease_document_version_of_template": "INSERT INTO lease_document (id, organization_id,"
    " lease_id, document_id, template_version) SELECT gen_random_uuid(), organization_id, lease_id,"
    " document_id, 1 FROM lease_document",
    "ck_inspection_by_somebody": "UPDATE inspection SET inspector = ' ' WHERE status = 'draft'",
    "ck_inspection_readings": "UPDATE inspection SET water = -1 WHERE status = 'draft'",
    "ck_inspection_signed_off": "UPDATE inspection SET signed_off_at = now()"
    " WHERE status = 'draft'",
    "ck_inspection_item_cost": "UPDATE inspection_item SET cost = -1 WHERE inspection_id IN"
    " (SELECT id FROM inspection WHERE status = 'draft')",
    "ck_inspection_item_named": "UPDATE inspection_item SET thing = ' ' WHERE inspection_id IN"
    " (SELECT id FROM inspection WHERE status = 'draft')",
    "ck_inspection_template_has_rooms": "UPDATE inspection_template SET rooms = ' '",
    "ck_lease_rent_amount": "UPDATE lease_rent SET amount = 0",
    "ck_price_index_first_day": "UPDATE price_index SET month_on = month_on + 1",
    "ck_price_index_value": "UPDATE price_index SET value = 0",
    "ck_billing_cycle_taken_back_within_issued": "UPDATE billing_cycle SET taken_back = 1",
    "ck_block_has_name": "UPDATE block SET name = ' '",
    "ck_dispatch_about_one_thing": "UPDATE dispatch SET notification_id = NULL",
    "ck_estate_has_name": "UPDATE estate SET name = ' '",
    "ck_document_not_empty": "UPDATE document SET size = 0 WHERE use = 'attachment'"
    " AND subject_table NOT LIKE 'inspection%'",
    "ck_import_row_line_counts_from_one": "UPDATE import_row SET line = 0",
    "ck_instalment_step_one_due": "UPDATE instalment_step SET days = 5, due_on = now()",
    "ck_instalment_step_percent": "UPDATE instalment_step SET percent = 0",
    "ck_invoice_issued_has_number": "UPDATE invoice SET status = 'issued' WHERE number IS NULL",
    "ck_invoice_paid_is_paid": "UPDATE invoice SET status = 'paid' WHERE status = 'issued'",
    "ck_invoice_paid_within_total": "UPDATE invoice SET paid_amount = total + 1",
    "ck_invoice_line_quantity_positive": "UPDATE invoice_line SET quantity = 0",
    "ck_ledger_account_code_is_plain": "UPDATE ledger_account SET code = 'no way' WHERE NOT system",
    "ck_ledger_account_system_stays": "UPDATE ledger_account SET active = false WHERE system",
    "ck_late_fee_rule_cap": "UPDATE late_fee_rule SET cap_percent = 0",
    "ck_late_fee_rule_days": "UPDATE late_fee_rule SET every_days = 0",
    "ck_late_fee_rule_not_negative": "UPDATE late_fee_rule SET percent = -1",
    "ck_late_fee_amount_positive": "UPDATE late_fee SET amount = 0",
    "ck_late_fee_not_on_itself": "UPDATE late_fee SET fee_invoice_id = invoice_id",
    "ck_late_fee_rule_estate_or_lease": "UPDATE late_fee_rule SET estate_id = (SELECT id FROM"
    " estate LIMIT 1) WHERE lease_id IS NOT NULL",
    "ck_lease_deposit": "UPDATE lease SET deposit = -1 WHERE status = 'draft'",
    "ck_lease_due": "UPDATE lease SET due_day = 32 WHERE status = 'draft'",
    "ck_lease_ends_after_it_begins": "UPDATE lease SET until = since - 1",
    "ck_lease_increase_in_reach": "UPDATE lease SET increase_months = 0",
    "ck_lease_notice_days": "UPDATE lease SET notice_days = -1",
    "ck_lease_over_has_end": "UPDATE lease SET status = 'ended', until = NULL",
    "ck_lease_rent_positive": "UPDATE lease SET rent = 0 WHERE status = 'draft'",
    "ck_property_guideline_least_below_most": "UPDATE property_guideline SET max_rent = 0",
    "ck_property_guideline_not_negative": "UPDATE property_guideline SET min_rent = -1",
    "ck_property_guideline_unit_or_type": "UPDATE property_guideline SET unit_type = 'shop',"
    " unit_id = (SELECT id FROM unit LIMIT 1)",
    "ck_member_invitation_has_roles": "UPDATE member_invitation SET roles = '{}'",
    "ck_occupancy_ends_after_it_begins": "UPDATE occupancy SET until = since - 1",
    "ck_ownership_ends_after_it_begins": "UPDATE ownership SET until = since - 1",
    "ck_ownership_share": "UPDATE ownership SET share_parts = 2",
    "ck_package_price": "UPDATE package SET price = -1",
    "ck_aml_limit_single": "UPDATE aml_limit SET single = 0",
    "ck_aml_limit_daily": "UPDATE aml_limit SET daily_count = 0",
    "ck_aml_movement_amount_positive": "UPDATE aml_movement SET amount = 0",
    "ck_aml_case_decided_for_a_reason": "UPDATE aml_case SET status = 'cleared'",
    "ck_aml_case_begins_before_it_ends": "UPDATE aml_case SET until = since - interval '1 day'",
    "ck_application_handed_in_has_party": "UPDATE application SET party_id = NULL"
    " WHERE status = 'approved'",
    "ck_application_rejected_for_a_reason": "UPDATE application SET status = 'rejected'"
    " WHERE status = 'submitted'",
    "ck_application_handed_in_with_consent": "UPDATE application SET consent_version = ''"
    " WHERE status = 'submitted'",
    "ck_application_check_rounds_are_few": "UPDATE application_check SET round = 100",
    "ck_party_kyc_verified_until_a_day": "UPDATE party_kyc SET expires_on = NULL",
    "ck_party_identifier_is_locked": "UPDATE party_identifier SET locked = ''",
    "ck_party_emergency_contacts": 'UPDATE party SET emergency_contacts = \'[{"name": "A"}]\'',
    "ck_party_has_name": "UPDATE party SET name = ' '",
    "ck_party_blacklisted_for_a_reason": "UPDATE party SET status = 'blacklisted'",
    "ck_payment_allocation_amount_positive": "UPDATE payment_allocation SET amount = 0",
    "ck_payment_dispute_part_amount_positive": "UPDATE payment_dispute_part SET amount = 0",
    "ck_payment_dispute_amount_positive": "UPDATE payment_dispute SET amount = 0",
    "ck_payment_intent_amount_positive": "UPDATE payment_intent SET amount = 0",
    "ck_payment_intent_refunded_within_amount": "UPDATE payment_intent"
    " SET refunded_amount = amount + 1",
    "ck_project_hold_minutes": "UPDATE project SET hold_minutes = 0",
    "ck_project_latitude": "UPDATE project SET latitude = 91",
    "ck_project_longitude": "UPDATE project SET longitude = 181",
    "ck_project_price_locked_from": "UPDATE project SET price_locked_from = 'x'",
    "ck_project_refund_percent": "UPDATE project SET refund_percent = 101",
    "ck_record_comment_says_something": "UPDATE record_comment SET body = ' '",
    "ck_reminder_step_days": "UPDATE reminder_step SET days = 366",
    "ck_refund_amount_positive": "UPDATE refund SET amount = 0",
    "ck_scheduled_bill_amount": "UPDATE scheduled_bill SET amount = 0",
    "ck_scheduled_bill_remind_days_offered": "UPDATE scheduled_bill SET remind_days = '{99}'",
    "ck_scheduled_payment_ordered_has_order": "UPDATE scheduled_payment SET status = 'paid',"
    " order_id = NULL",
    "ck_scheduled_payment_tries_are_few": "UPDATE scheduled_payment SET tries = 10",
    "ck_user_configuration_remind_days_offered": "UPDATE user_configuration"
    " SET remind_days = '{99}'",
    "ck_unit_area": "UPDATE unit SET area = 0",
    "ck_unit_bedrooms": "UPDATE unit SET bedrooms = 51",
    "ck_unit_has_number": "UPDATE unit SET number = ' '",
}
SEALED = {
    "ck_autopay_days_before": "UPDATE autopay SET days_before = 29",
    "ck_autopay_most_positive": "UPDATE autopay SET most = 0",
    "ck_autopay_one_way": "UPDATE autopay SET wallet_id = NULL",
    "ck_autopay_run_not_negative": "UPDATE autopay_run SET amount = -1",
    "ck_autopay_run_begun_with_a_payment": "UPDATE autopay_run SET outcome = 'begun'",
    "ck_saved_way_last_four_digits": "UPDATE saved_way SET last_four = 'x'",
    "ck_saved_way_forgotten_when_removed": "UPDATE saved_way SET forget_at = now()",
    "ck_payment_intent_charges_a_card": "UPDATE payment_intent SET method = 'cash'"
    " WHERE saved_way_id IS NOT NULL",
    "ck_payment_intent_saves_a_card": "UPDATE payment_intent SET method = 'cash' WHERE saves",
    "ck_cheque_number_is_digits": "UPDATE cheque SET number = 'x'",
    "ck_cheque_deposited_has_a_day": "UPDATE cheque SET status = 'deposited', deposited_on = NULL",
    "ck_cheque_cleared_has_a_day": "UPDATE cheque SET status = 'cleared', cleared_on = NULL",
    "ck_cheque_bounced_has_a_day": "UPDATE cheque SET status = 'bounced', bounced_on = NULL",
    "ck_bank_statement_begins_before_it_ends": "UPDATE bank_statement SET begins_on = ends_on + 1",
    "ck_bank_line_amount_not_zero": "UPDATE bank_line SET amount = 0, matched_amount = 0",
    "ck_bank_line_matched_within_amount": "UPDATE bank_line SET matched_amount = amount * 2",
    "ck_bank_match_amount_not_zero": "UPDATE bank_match SET amount = 0",
    "ck_bank_match_is_one_thing": "UPDATE bank_match SET code = NULL, intent_id = NULL",
    "ck_bank_rule_is_one_thing": "UPDATE bank_rule SET code = ''",
    "ck_bank_rule_has_pattern": "UPDATE bank_rule SET pattern = ' '",
    "ck_bank_rule_least_below_most": "UPDATE bank_rule SET least = 5, most = 4",
    "ck_tax_code_is_plain": "UPDATE tax SET code = 'a b'",
    "ck_tax_in_sales_is_active": "UPDATE tax SET in_sales = true, active = false",
    "ck_tax_rate_percent": "UPDATE tax_rate SET percent = 101",
    "ck_paper_style_accent_is_a_colour": "UPDATE paper_style SET accent = 'red'",
    "ck_invoice_line_places": "UPDATE invoice_line SET places = 5",
    "ck_invoice_line_discount_within": "UPDATE invoice_line SET discount = -1",
    "ck_invoice_line_tax_has_percent": "UPDATE invoice_line SET tax_percent = 1"
    " WHERE tax_id IS NULL",
    "ck_invoice_line_part_contains_its_tax": "UPDATE invoice_line SET taxed_after = -1",
    "ck_invoice_line_tax_is_its_percent": "UPDATE invoice_line SET tax_amount = tax_amount + 1",
    "ck_credit_note_total_not_negative": "UPDATE credit_note SET total = -1",
    "ck_credit_note_line_not_negative": "UPDATE credit_note_line SET net_amount = -1",
    "ck_credit_use_amount_positive": "UPDATE credit_use SET amount = 0",
    "ck_bill_charge_complete_where_asked": "UPDATE bill_charge SET gross = 0",
    "ck_bill_charge_where_asked_has_position": "UPDATE bill_charge SET position = NULL",
    "ck_wallet_name_is_plain": "UPDATE wallet SET name = 'Not Plain'",
    "ck_contact_code_tries_are_few": "UPDATE contact_code SET tries = 6",
    "ck_signature_code_tries_are_few": "UPDATE signature_code SET tries = 6",
    "ck_signature_request_completed_is_kept": "UPDATE signature_request SET status = 'completed'",
    "ck_signature_request_ends_after_it_begins": "UPDATE signature_request"
    " SET expires_at = created_at",
    "ck_signer_declined_with_reason": "UPDATE signer SET status = 'declined'",
    "ck_signer_is_one_person": "UPDATE signer SET profile_id = NULL",
    "ck_signer_signed_with_consent": "UPDATE signer SET status = 'signed'",
    "ck_wallet_pin_tries_are_few": "UPDATE wallet_pin SET tries = 6",
    "ck_wallet_order_amount_positive": "UPDATE wallet_order SET amount = 0",
    "ck_wallet_order_transfer_has_a_target": "UPDATE wallet_order SET to_wallet_id = id",
    "ck_wallet_order_not_to_itself": "UPDATE wallet_order SET to_wallet_id = wallet_id,"
    " kind = 'transfer', channel = NULL",
    "ck_wallet_order_payout_has_a_channel": "UPDATE wallet_order SET channel = NULL",
    "ck_wallet_order_provider_pays_withdrawals": "UPDATE wallet_order SET provider = 'mpesa',"
    " kind = 'payment', channel = NULL",
    "ck_wallet_order_called_has_a_provider": "UPDATE wallet_order SET called_at = now()",
    "ck_provider_event_about_one_thing": "UPDATE provider_event SET intent_id = NULL",
    "ck_wallet_order_aside_is_held": "UPDATE wallet_order SET hold_id = NULL",
    "ck_wallet_transaction_amount_positive": "UPDATE wallet_transaction SET amount = 0",
    "ck_wallet_transaction_fee_not_negative": "UPDATE wallet_transaction SET fee = -1",
    "ck_wallet_transaction_success_has_an_entry": "UPDATE wallet_transaction SET entry_id = NULL",
    "ck_ledger_account_not_its_own_parent": "UPDATE ledger_account SET parent_id = id",
    "ck_ledger_hold_amount_positive": "UPDATE ledger_hold SET amount = 0",
    "ck_ledger_period_begins_before_it_ends": "UPDATE ledger_period SET begins_on = ends_on + 1",
    "ck_approval_rule_above": "UPDATE approval_rule SET above = -1, currency = 'KES'",
    "ck_approval_rule_currency_of_amount": "UPDATE approval_rule SET above = 1",
    "ck_approval_rule_has_roles": "UPDATE approval_rule SET roles = '{}'",
    "ck_approval_rule_hours": "UPDATE approval_rule SET remind_hours = -1",
    "ck_approval_rule_needed_in_reach": "UPDATE approval_rule SET needed = 21",
    "ck_audit_entry_severity": "UPDATE audit_entry SET severity = 'x'",
    "ck_posting_amount_not_zero": "UPDATE posting SET amount = 0",
    "ck_seal_positions_in_order": "UPDATE seal SET last_position = first_position - 1",
}
"""Of tables that take no update at all: tried with their triggers asleep."""
TRIGGERS = {
    "account_in_chart": "INSERT INTO account (id, organization_id, book_id, code, type, currency)"
    " SELECT gen_random_uuid(), organization_id, id, '10', 'asset', 'KES' FROM book",
    "hold_ends": "UPDATE ledger_hold SET amount = 1",
    "charge_is_agreed_to": "UPDATE payment_intent SET saves = NOT saves",
    "saved_way_stays": "UPDATE saved_way SET revoked_at = NULL, forget_at = NULL",
    "party_is_active": "UPDATE party SET status = 'inactive'; UPDATE booking SET customer_id ="
    " (SELECT id FROM party WHERE id <> customer_id LIMIT 1)",
    "party_stands": "UPDATE party SET status = 'inactive'; UPDATE party SET status = 'draft'",
    "ex_occupancy_days": "INSERT INTO occupancy (id, organization_id, unit_id, party_id, role,"
    " since, custom) SELECT gen_random_uuid(), organization_id, unit_id, party_id, 'resident',"
    " since + 9, '{}' FROM occupancy",
    "ex_occupancy_head": "INSERT INTO occupancy (id, organization_id, unit_id, party_id, role,"
    " since, custom) SELECT gen_random_uuid(), organization_id, unit_id, (SELECT id FROM party"
    " WHERE id <> party_id LIMIT 1), 'tenant', since + 9, '{}' FROM occupancy",
    "ex_lease_days": "INSERT INTO lease (id, organization_id, number, unit_id, party_id, status,"
    " since, currency, rent, custom) SELECT gen_random_uuid(), organization_id, 'x', unit_id,"
    " party_id, 'active', since + 9, 'KES', 1, '{}' FROM lease WHERE status = 'pending_signature'",
    "inspection_files": "INSERT INTO document (id, organization_id, subject_table, subject_id, use,"
    " title, content_type, storage_key, sha256, size) SELECT gen_random_uuid(), organization_id,"
    " 'inspection', id, 'photo', 'x', 'image/png', 'x', 'x', 1 FROM inspection"
    " WHERE status = 'draft'",
    "inspection_is_whole": "UPDATE inspection SET status = 'signed_off', signed_off_at = now()"
    " WHERE status = 'draft'",
    "inspection_item_currency": "UPDATE inspection_item SET currency = 'USD' WHERE inspection_id IN"
    " (SELECT id FROM inspection WHERE status = 'draft')",
    "inspection_stays": "UPDATE inspection_item SET note = 'x'",
    "lease_charge_stays": "UPDATE lease_charge SET gross = gross + 1",
    "lease_stays": "UPDATE lease SET rent = rent + 1 WHERE status = 'pending_signature'",
    "ex_ownership_days": "UPDATE ownership SET share_of = 2; INSERT INTO ownership (id,"
    " organization_id, unit_id, party_id, share_parts, share_of, since, custom) SELECT"
    " gen_random_uuid(), organization_id, unit_id, party_id, 1, 2, since + 9, '{}' FROM ownership",
    "shares_within_whole": "UPDATE ownership SET share_parts = 2, share_of = 3; INSERT INTO"
    " ownership (id, organization_id, unit_id, party_id, share_parts, share_of, since, custom)"
    " SELECT gen_random_uuid(), organization_id, unit_id, (SELECT id FROM party WHERE"
    " id <> party_id LIMIT 1), 1, 2, since + 9, '{}' FROM ownership",
    "late_fee_on_no_fee": "INSERT INTO late_fee (id, organization_id, invoice_id, fee_invoice_id,"
    " rule_id, charged_on, days, amount, currency) SELECT gen_random_uuid(), organization_id,"
    " fee_invoice_id, (SELECT id FROM invoice WHERE id <> invoice_id LIMIT 1), rule_id, charged_on,"
    " 1, 1, 'KES' FROM late_fee",
    "wallet_is_empty": "UPDATE wallet SET status = 'closed'",
    "wallet_is_open": "UPDATE wallet SET status = 'frozen';"
    " UPDATE account SET held = held + 1 WHERE code = '2500'",
    "wallet_stays": "UPDATE wallet SET name = 'another'",
    "wallet_transaction_is_its_entry": "INSERT INTO wallet_transaction (id, organization_id,"
    " wallet_id, party_id, processor, status, title, type, reference, currency, amount,"
    " record_type, happened_at, entry_id) SELECT gen_random_uuid(), organization_id, wallet_id,"
    " party_id, processor, status, title, type, 'x', currency, 1, record_type, happened_at,"
    " entry_id FROM wallet_transaction",
    "ledger_account_currency": "UPDATE ledger_account SET currency = 'USD' WHERE code = '1200'",
    "ledger_account_parent": "UPDATE ledger_account SET parent_id = (SELECT id FROM ledger_account"
    " WHERE code = '1000' LIMIT 1) WHERE code = '4900'",
    "period_is_open": "UPDATE book SET closed_through = now() + interval '9 days'; INSERT INTO"
    " journal_entry (id, organization_id, book_id, key, memo, source_table, source_id, actor,"
    " booked_on, posted_at, salt, digest) SELECT gen_random_uuid(), organization_id, id, 'y', 'x',"
    " 'x', id, 'x', now(), now(), '', '' FROM book LIMIT 1",
    "period_stays": "UPDATE ledger_period SET ends_on = ends_on + 1",
    "system_account_stays": "DELETE FROM ledger_account WHERE code = '5820'",
    "uq_ledger_period_closed": "INSERT INTO ledger_period (id, organization_id, book_id, begins_on,"
    " ends_on, status, closed_by, closed_at, custom) SELECT gen_random_uuid(), organization_id,"
    " book_id, begins_on - 1, ends_on + 1, 'closed', 'x', now(), '{}' FROM ledger_period",
    "approval_ends": "UPDATE approval SET needed = 0",
    "approval_has_rule": "INSERT INTO approval (id, organization_id, governs, subject_table,"
    " subject_id, subject_name, version, status, rule_id, roles, needed, separate, asked_at,"
    " custom) SELECT gen_random_uuid(), organization_id, 'x.y', 'x', id, 'x', 1, 'waiting', id,"
    " '{}', 0, false, now(), '{}' FROM approval",
    "approval_needs_more": "UPDATE approval SET status = 'given', closed_at = now()"
    " WHERE status = 'waiting'",
    "approval_rule_ends": "UPDATE approval_rule SET needed = 0",
    "append_only": "UPDATE posting SET currency = 'EUR'",
    "billing_cycle_stays": "UPDATE billing_cycle SET total = total + 1 WHERE status <> 'planned'",
    "booking_addon_max_units": "UPDATE booking_addon SET units = 4",
    "booking_addon_category_limit": "UPDATE addon SET max_units = 99;"
    " UPDATE booking_addon SET units = 6",
    "entry_balances": "UPDATE posting SET amount = amount + 1",
    "invoice_closed": "UPDATE invoice SET status = 'issued' WHERE status = 'void'",
    "invoice_frozen": "UPDATE invoice SET subject = 'x' WHERE status = 'issued'",
    "owners_hold_at_most_all": "UPDATE apartment_owner SET share = 60; INSERT INTO apartment_owner"
    " (id, organization_id, apartment_id, owner_id, share, created_at, custom) SELECT"
    " gen_random_uuid(), organization_id, apartment_id, (SELECT id FROM party WHERE id <> owner_id"
    " LIMIT 1), 60, now(), '{}' FROM apartment_owner",
    "plan_adds_up": "UPDATE instalment_step SET percent = 40",
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_that_makes_no_sense_is_refused(refused: Do, name: str) -> None:
    assert refused(CHECKS[name]) == name


@pytest.mark.parametrize("name", SEALED)
def test_a_sealed_row_that_makes_no_sense_is_refused(
    connection: Connection, refused: Do, name: str
) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))

    assert refused(SEALED[name]) == name


@pytest.mark.req("S3.07", "S3.11", "S3.25", "S5.39")
@pytest.mark.parametrize("name", [each for each in TRIGGERS if each != "entry_balances"])
def test_what_takes_several_rows_to_see_is_refused(refused: Do, name: str) -> None:
    assert refused(TRIGGERS[name]) == name


def test_every_constraint_is_broken_here(connection: Connection) -> None:
    states = {f"ck_{table}_{table.columns[name].type.name}" for table, name in STATES}
    broken = set(CHECKS) | set(SEALED) | states
    there = inspect(connection)
    checks = {
        str(rule["name"])
        for table in TABLES
        for rule in there.get_check_constraints(table)
        if not str(rule["name"]).endswith("not_null")
    }

    assert checks == broken
