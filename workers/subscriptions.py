"""Who hears of what: the wiring of the whole system, on one page.

A handler runs in a unit of work of its own, once per fact, after the transaction in which the fact
came about. It may be tried again after a failure. What waits for the network it only rings for.
"""

from collections.abc import Callable, Mapping, Sequence

from core.work import Work
from models.events import Event
from services.events import CATALOGUE
from workers import (
    aml,
    approvals,
    autopay,
    bank_statements,
    bills,
    bookings,
    dunning,
    estate,
    inspections,
    leasing,
    notices,
    onboarding,
    papers,
    payments,
    payouts,
    refunds,
    rents,
    sagas,
    saved_ways,
    scheduled_bills,
    signing,
    wallets,
)

Handler = Callable[[Work, Event], None]

SUBSCRIPTIONS: Mapping[str, Sequence[Handler]] = {
    "aml.flagged": [aml.flagged],
    "approval.asked": [approvals.asked],
    "approval.given": [approvals.given],
    "approval.closed": [approvals.lapsed],
    "bank_line.undo_asked": [bank_statements.undo],
    "bank_line.undo_refused": [bank_statements.undo_refused],
    "bill.issued": [bills.issued],
    "bill.taken_back": [bills.taken_back],
    "billing_cycle.status_changed": [bills.ring],
    "autopay.failed": [autopay.failed],
    "autopay.paid_in_part": [autopay.paid_in_part],
    "autopay.payer_wanted": [autopay.payer_wanted],
    "booking.created": [bookings.assign],
    "booking.assigned": [notices.booking_assigned],
    "booking.confirmed": [notices.booking_confirmed],
    "booking.status_changed": [notices.booking_moved, notices.booking_moved_on],
    "booking.approved": [bookings.settle, notices.booking_approved, papers.ring_contract],
    "booking.rejected": [notices.booking_rejected],
    "booking.cancelled": [notices.booking_cancelled],
    "booking.expired": [notices.booking_expired],
    "booking.settled": [notices.booking_settled],
    "booking.refunded": [notices.booking_refunded],
    "booking.sale_take_back_asked": [bookings.take_back_sale],
    "booking.sale_withdrawn": [notices.sale_withdrawn],
    "booking.sale_in_doubt": [notices.sale_in_doubt],
    "apartment.status_changed": [bookings.tell_first_waiting],
    "invoice.issued": [notices.invoice_issued, papers.ring_invoice],
    "cheque.bounced": [notices.cheque_bounced],
    "credit_note.issued": [notices.credit_note_issued, papers.ring_credit_note],
    "credit.used": [notices.credit_used],
    "application.status_changed": [onboarding.moved],
    "customer.applied": [onboarding.applied],
    "customer.approved": [onboarding.approved],
    "customer.rejected": [onboarding.rejected],
    "kyc.updated": [onboarding.kyc_updated],
    "kyc.ending": [onboarding.kyc_ending],
    "invoice.reminded": [dunning.reminded],
    "late_fee.charged": [dunning.fee_charged],
    "invoice.reopened": [bookings.doubt_sale, leasing.give_up_deposit],
    "invoice.paid": [bookings.settle_invoice, leasing.hold_deposit, notices.invoice_paid],
    "inspection.signed_off": [inspections.signed_off],
    "lease.sent_for_signature": [leasing.sent, leasing.have_signed],
    "lease.signed": [leasing.activate, leasing.stop_signing],
    "lease.activated": [leasing.refresh_unit, leasing.activated],
    "lease.cancelled": [leasing.cancelled, leasing.stop_signing],
    "member.invited": [notices.member_invited],
    "lease.notice_asked": [leasing.notice_asked],
    "lease.notice_given": [leasing.notice_given],
    "lease.notice_withdrawn": [leasing.notice_withdrawn],
    "lease.ended": [leasing.refresh_unit, leasing.ended],
    "lease.terminated": [leasing.refresh_unit, leasing.terminated],
    "lease.renewed": [leasing.renewed],
    "lease.rent_changed": [leasing.rent_changed],
    "rents.issued": [rents.issued],
    "rents.taken_back": [rents.taken_back],
    "occupancy.started": [estate.moved_in],
    "ownership.started": [estate.owns_now],
    "payment.initiated": [payments.ring_payment],
    "payment.succeeded": [
        leasing.check_disbursement,
        notices.payment_succeeded,
        papers.ring_receipt,
        aml.payment,
        autopay.charge_ended,
    ],
    "payment.reversed": [notices.payment_reversed],
    "payment.failed": [notices.payment_failed, autopay.charge_ended],
    "payment.unclear": [notices.payment_unclear],
    "payment.disputed": [notices.payment_disputed],
    "payment.dispute_closed": [notices.dispute_closed],
    "refund.requested": [refunds.ring_refund, notices.refund_requested],
    "refund.succeeded": [bookings.go_on, notices.refund_succeeded],
    "refund.failed": [bookings.go_on, notices.refund_failed],
    "record.commented": [notices.record_commented],
    "document.attached": [notices.document_attached],
    "saga.status_changed": [sagas.raise_alarm],
    "saved_way.kept": [saved_ways.saved],
    "saved_way.removed": [saved_ways.removed],
    "ledger_hold.closed": [wallets.hold_ended],
    "scheduled_bill.failed": [scheduled_bills.failed],
    "scheduled_bill.reminded": [scheduled_bills.reminded],
    "signature.asked": [signing.asked],
    "signature.code_asked": [signing.code_asked],
    "signature.completed": [leasing.signed_by_all, signing.completed],
    "signature.declined": [leasing.signature_declined, signing.declined],
    "signature.expired": [leasing.signature_expired, signing.expired],
    "signature.failed": [signing.failed],
    "signature.gathered": [signing.ring],
    "signature.refused": [signing.moved],
    "signature.reminded": [signing.reminded],
    "signature.signed": [signing.moved],
    "signature.withdrawn": [signing.withdrawn],
    "wallet.topped_up": [wallets.topped_up, aml.top_up],
    "wallet.top_up_diverted": [wallets.diverted],
    "wallet.transferred": [wallets.transferred, aml.order],
    "wallet.order_failed": [scheduled_bills.order_failed, wallets.order_failed],
    "wallet.payout_begun": [payouts.begun],
    "wallet.payout_unclear": [payouts.unclear],
    "wallet.payout_asked": [wallets.payout_asked],
    "wallet.withdrawn": [scheduled_bills.paid, wallets.withdrawn, aml.order],
    "wallet.payout_failed": [scheduled_bills.order_failed, wallets.payout_failed],
    "wallet.frozen": [wallets.frozen],
    "wallet.mismatch": [wallets.mismatch],
    "wallet.pin_locked": [wallets.pin_locked],
    "wallet.pin_set": [wallets.pin_set],
}


def name_of(handler: Handler) -> str:
    """Name a subscriber as its deliveries do: `bookings.assign`."""
    return f"{handler.__module__.removeprefix('workers.')}.{handler.__name__}"


SUBSCRIBERS = {
    kind: [name_of(each) for each in handlers] for kind, handlers in SUBSCRIPTIONS.items()
}
HANDLERS = {name_of(each): each for handlers in SUBSCRIPTIONS.values() for each in handlers}

unknown = set(SUBSCRIPTIONS) - set(CATALOGUE)
assert not unknown, f"nobody states {sorted(unknown)}"
