"""What each business act means in money, one recipe per act. Written for an accountant to read.

Apartments are sold at a point in time: until the buyer has paid in full and owns, what is invoiced
is a contract liability (IFRS 15, 105 to 108), and becomes revenue then.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from core.money import split
from models.bank_statements import BankAccount, BankLine, BankMatch
from models.billing import Invoice, PaymentMethod
from models.chart import (
    BANK,
    CARD_CLEARING,
    CASH,
    CHEQUES,
    CONTRACT_LIABILITY,
    CUSTOMER_CREDIT,
    DEPOSITS_HELD,
    DISPUTED,
    MOBILE_MONEY,
    RECEIVABLE,
    REFUNDS_PAYABLE,
    WALLET_BALANCES,
    WRITE_OFFS,
)
from models.cheques import Cheque
from models.credit import CreditNote, CreditUse
from models.disputes import Dispute
from models.payments import PaymentIntent, Refund
from models.wallet_orders import Channel, Order
from models.wallets import Wallet
from services.balances import Books
from services.ledger import Leg, Recipe

Applied = Mapping[UUID | None, Decimal]
"""What a payment has paid of invoices, by the unit that they are about; None: about none."""

UNEARNED, OWED = CONTRACT_LIABILITY, RECEIVABLE
"""What an invoice of a booking earns until the sale is complete, and what its party owes."""

MONEY_ACCOUNTS = {
    PaymentMethod.card: CARD_CLEARING,
    PaymentMethod.cash: CASH,
    PaymentMethod.bank_transfer: BANK,
    PaymentMethod.mobile_money: MOBILE_MONEY,
    PaymentMethod.wallet: WALLET_BALANCES,
    PaymentMethod.cheque: CHEQUES,
}
"""Where money of each method arrives. Payment on account moves none."""
PAID_FROM = {Channel.bank: BANK, Channel.mobile_money: MOBILE_MONEY}
"""Where money leaves from that somebody takes out of their wallet."""


def invoice_issued(invoice: Invoice, earned: dict[str, Decimal]) -> Recipe:
    """The party owes the total; `earned` says which lines of the chart it is for."""
    return Recipe(
        key=f"invoice:{invoice.id}:issued",
        memo=f"Invoice {invoice.number}, {invoice.subject}",
        table="invoice",
        source_id=invoice.id,
        currency=invoice.currency,
        legs=[
            Leg(RECEIVABLE, invoice.total, invoice.party_id, invoice.unit_id),
            *(
                Leg(code, -amount, _holder(code, invoice), invoice.unit_id)
                for code, amount in earned.items()
            ),
        ],
    )


def invoice_closed(invoice: Invoice, earned: dict[str, Decimal], word: str) -> Recipe:
    """The party no longer owes it: the invoice was voided or rejected."""
    due = invoice.total - invoice.paid_amount
    parts = _scaled(earned, due, invoice.currency)
    return Recipe(
        key=f"invoice:{invoice.id}:{word}",
        memo=f"Invoice {invoice.number} {word.replace('_', ' ')}",
        table="invoice",
        source_id=invoice.id,
        currency=invoice.currency,
        legs=[
            Leg(RECEIVABLE, -due, invoice.party_id, invoice.unit_id),
            *(
                Leg(code, amount, _holder(code, invoice), invoice.unit_id)
                for code, amount in parts.items()
            ),
        ],
    )


def written_off_key(invoice: Invoice) -> str:
    """Name the entry by which an invoice was written off."""
    return f"invoice:{invoice.id}:written_off"


def invoice_written_off(invoice: Invoice, earned: dict[str, Decimal]) -> Recipe:
    """What is unpaid is a loss with its tax, but for what a contract had still to earn."""
    due = invoice.total - invoice.paid_amount
    parts = _scaled(earned, due, invoice.currency)
    unearned = parts.get(CONTRACT_LIABILITY, Decimal(0))
    return Recipe(
        key=written_off_key(invoice),
        memo=f"Invoice {invoice.number} written off",
        table="invoice",
        source_id=invoice.id,
        currency=invoice.currency,
        legs=[
            Leg(RECEIVABLE, -due, invoice.party_id, invoice.unit_id),
            Leg(CONTRACT_LIABILITY, unearned, invoice.party_id, invoice.unit_id),
            Leg(WRITE_OFFS, due - unearned, None, invoice.unit_id),
        ],
    )


def credit_noted(
    note: CreditNote, unit_id: UUID | None, taken: dict[str, Decimal], applied: Decimal
) -> Recipe:
    """What was earned, and its tax, goes back; what the invoice does not ask for is credit.

    `taken` says how much by line of the chart, `applied` how much less the invoice asks for.
    """
    return Recipe(
        key=f"credit_note:{note.id}",
        memo=f"Credit note {note.number}, {note.reason}",
        table="credit_note",
        source_id=note.id,
        currency=note.currency,
        legs=[
            *(Leg(code, part, _holder(code, note), unit_id) for code, part in taken.items()),
            Leg(RECEIVABLE, -applied, note.party_id, unit_id),
            Leg(CUSTOMER_CREDIT, applied - note.total, note.party_id),
        ],
    )


def credit_used(use: CreditUse, invoice: Invoice) -> Recipe:
    """What a party had to its credit pays what it owes."""
    return Recipe(
        key=f"credit_use:{use.id}",
        memo=f"Credit used on invoice {invoice.number}",
        table="credit_use",
        source_id=use.id,
        currency=use.currency,
        legs=[
            Leg(CUSTOMER_CREDIT, use.amount, use.party_id),
            Leg(RECEIVABLE, -use.amount, use.party_id, invoice.unit_id),
        ],
    )


def payment_succeeded(
    intent: PaymentIntent, applied: Applied, rest: str = CUSTOMER_CREDIT
) -> Recipe:
    """Money came in; the party owes `applied` less, and anything beyond is theirs, in `rest`.

    From a wallet none comes in: what it owes its holder pays what they owe.
    """
    paid = sum(applied.values(), Decimal(0))
    return Recipe(
        key=f"payment:{intent.id}",
        memo=f"Payment {intent.number} by {intent.method.value.replace('_', ' ')}",
        table="payment_intent",
        source_id=intent.id,
        currency=intent.currency,
        legs=[
            _money(intent.method, intent.amount, intent.party_id),
            *(
                Leg(RECEIVABLE, -amount, intent.party_id, unit_id)
                for unit_id, amount in applied.items()
            ),
            Leg(rest, paid - intent.amount, intent.party_id),
        ],
    )


def credit_returned(refund: Refund) -> Recipe:
    """What came in and paid nothing is owed back to whom it came from."""
    return Recipe(
        key=f"refund:{refund.id}:credit",
        memo="Credit to be paid back",
        table="refund",
        source_id=refund.id,
        currency=refund.currency,
        legs=[
            Leg(CUSTOMER_CREDIT, refund.amount, refund.party_id),
            Leg(REFUNDS_PAYABLE, -refund.amount, refund.party_id),
        ],
    )


def refund_paid(refund: Refund, method: PaymentMethod) -> Recipe:
    """Money went back to the payer."""
    return Recipe(
        key=f"refund:{refund.id}",
        memo="Refund",
        table="refund",
        source_id=refund.id,
        currency=refund.currency,
        legs=[
            Leg(REFUNDS_PAYABLE, refund.amount, refund.party_id),
            _money(method, -refund.amount, refund.party_id),
        ],
    )


def dispute_lost(
    dispute: Dispute, method: PaymentMethod, again: Applied, credit: Decimal
) -> Recipe:
    """The payer's bank took the money back: invoices ask for it `again`.

    What the payment had left as `credit` is none any more; the rest is owed apart from invoices.
    """
    rest = dispute.amount - sum(again.values(), credit)
    return Recipe(
        key=f"dispute:{dispute.id}:lost",
        memo="Disputed payment lost",
        table="payment_dispute",
        source_id=dispute.id,
        currency=dispute.currency,
        legs=[
            *(Leg(RECEIVABLE, part, dispute.party_id, unit) for unit, part in again.items()),
            Leg(CUSTOMER_CREDIT, credit, dispute.party_id),
            Leg(DISPUTED, rest, dispute.party_id),
            Leg(MONEY_ACCOUNTS[method], -dispute.amount),
        ],
    )


def entered_by_hand(
    once: UUID, where: Books, booked_on: date, memo: str, legs: Sequence[Leg]
) -> Recipe:
    """An accountant says what happened; no document of ours stands behind it."""
    return Recipe(
        key=f"manual:{once}",
        memo=memo,
        table="book",
        source_id=where.book_id,
        currency=where.currency,
        legs=legs,
        booked_on=booked_on,
        book=where.name,
    )


def taken_back(entry_id: UUID, reason: str) -> tuple[str, str]:
    """Give the key and memo of what takes an entry back."""
    return f"reversal:{entry_id}", f"Reversal: {reason}"


def payment_taken_back(intent: PaymentIntent, reason: str) -> tuple[str, str, str]:
    """Give the key of a payment's entry, and key and memo of what takes it back."""
    return (
        f"payment:{intent.id}",
        f"payment:{intent.id}:reversed",
        f"Payment {intent.number} taken back: {reason}",
    )


def cheque_cleared(cheque: Cheque) -> Recipe:
    """The bank has the money of a cheque that was in hand."""
    return Recipe(
        key=_clearing(cheque),
        memo=f"Cheque {cheque.number} of {cheque.bank} cleared",
        table="cheque",
        source_id=cheque.id,
        currency=cheque.currency,
        legs=[Leg(BANK, cheque.amount), Leg(CHEQUES, -cheque.amount)],
        booked_on=cheque.cleared_on,
    )


def cheque_not_cleared(cheque: Cheque) -> tuple[str, str, str]:
    """Give the key of what had cleared, and key and memo of what takes it back."""
    key = _clearing(cheque)
    memo = f"Cheque {cheque.number} of {cheque.bank} not cleared"
    return key, f"{key}:reversed", memo


def _clearing(cheque: Cheque) -> str:
    """Give the key of the last time that a cheque has cleared."""
    again = f":{cheque.clearings}" if cheque.clearings > 1 else ""
    return f"cheque:{cheque.id}:cleared{again}"


def bank_line_booked(match: BankMatch, line: BankLine, where: BankAccount, book: str) -> Recipe:
    """What a line of the bank moved is on the account that somebody, or a rule, says it is."""
    return Recipe(
        key=f"bank_match:{match.id}",
        memo=f"Bank: {line}"[:200],
        table="bank_line",
        source_id=line.id,
        currency=match.currency,
        legs=[Leg(where.code, match.amount), Leg(match.code or "", -match.amount, match.party_id)],
        booked_on=line.booked_on,
        book=book,
    )


def bank_match_undone(match: BankMatch) -> tuple[str, str]:
    """Give key and memo of what takes back a match that was a mistake."""
    return f"bank_match:{match.id}:undone", "Match of a bank's line undone"


def wallet_transferred(order: Order, sender: Wallet, receiver: Wallet) -> Recipe:
    """What is owed to one holder is owed to another."""
    return Recipe(
        key=f"wallet_order:{order.id}",
        memo=f"From wallet {sender.name} to {receiver.name}",
        table="wallet_order",
        source_id=order.id,
        currency=order.currency,
        legs=[
            Leg(WALLET_BALANCES, order.amount, sender.party_id),
            Leg(WALLET_BALANCES, -order.amount, receiver.party_id),
        ],
    )


def wallet_paid_out(order: Order, wallet: Wallet, channel: Channel) -> Recipe:
    """Money left for its holder's account elsewhere, or for whom they had it sent to."""
    return Recipe(
        key=f"wallet_order:{order.id}",
        memo=f"Paid out of wallet {wallet.name}",
        table="wallet_order",
        source_id=order.id,
        currency=order.currency,
        legs=[
            Leg(WALLET_BALANCES, order.amount, wallet.party_id),
            Leg(PAID_FROM[channel], -order.amount),
        ],
    )


def _money(method: PaymentMethod, amount: Decimal, party_id: UUID) -> Leg:
    """Money that came in or went out; a wallet is its party's own."""
    own = method is PaymentMethod.wallet
    return Leg(MONEY_ACCOUNTS[method], amount, party_id if own else None)


def _holder(code: str, paper: Invoice | CreditNote) -> UUID | None:
    """What is owed to one party is that party's own; income is everybody's."""
    return paper.party_id if code in (CONTRACT_LIABILITY, DEPOSITS_HELD) else None


def _scaled(earned: dict[str, Decimal], due: Decimal, currency: str) -> dict[str, Decimal]:
    """Divide what is still due as the whole was."""
    return dict(zip(earned, split(due, list(earned.values()), currency), strict=True))
