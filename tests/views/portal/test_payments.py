import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import select

from core.money import decimals
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.organizations import Organization
from models.payments import IntentStatus, PaymentIntent
from services import (
    asking,
    billing,
    buying,
    cancellations,
    organizations,
    payments,
    postings,
    refunds,
    sagas,
)
from services.payments import Outcome
from tests.views.portal.conftest import Browser, Town, text

Confirmed = Callable[..., tuple[Browser, str]]
CARD = "https://cards.example/pay/1"


def due(buyer: Browser) -> list[str]:
    return re.findall(r'name="invoice" value="([^"]+)"', text(buyer.get("/portal/payments")))


def begin(buyer: Browser, invoices: list[str], method: str = "card") -> str:
    answer = buyer.client.post("/portal/payments", data={"invoice": invoices, "method": method})
    assert answer.status_code == 302, text(answer)
    return str(answer.location)


def intents(town: Town) -> list[PaymentIntent]:
    with town.jobs() as work:
        rows = list(work.session.scalars(select(PaymentIntent).order_by(PaymentIntent.id)))
        for row in rows:
            work.session.expunge(row)
    return rows


def settle(town: Town, address: str, state: str) -> None:
    """Let the provider say what became of it."""
    with town.jobs() as work:
        intent = work.session.get_one(PaymentIntent, UUID(address.rpartition("/")[2]))
        outcome = Outcome(state, intent.amount, intent.currency, "The bank said no.")
        payments.settle(work, intent.id, outcome)


@pytest.mark.req("S3.41", "S3.17", "S3.16")
def test_a_buyer_pays_by_card_and_reads_the_truth(town: Town, confirmed: Confirmed) -> None:
    buyer, booking = confirmed()
    address = begin(buyer, due(buyer))
    waiting = buyer.get(f"{address}/state?leads=1")
    with town.jobs() as work:
        asking.asked(work, UUID(address.rpartition("/")[2]), "chk_1", CARD, None)
    leading = buyer.get(f"{address}/state?leads=1")
    back = text(buyer.get(f"{address}/back"))
    settle(town, address, "succeeded")
    paid = text(buyer.get(f"{address}/back"))

    assert "Taking you to the payment page" in text(waiting)
    assert "HX-Redirect" not in waiting.headers
    assert leading.headers["HX-Redirect"] == CARD
    assert "Waiting for word of your payment" in back
    assert "Paid" not in back
    assert "Paid. Thank you." in paid
    assert intents(town)[0].return_url.endswith(f"{address}/back")
    page = text(buyer.get(booking))
    assert re.search(r"Remaining.*?KES\s0\.00", page, re.DOTALL)
    assert "Nothing is due" in text(buyer.get("/portal/payments"))


def test_only_what_the_provider_says_makes_a_payment_paid(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed()
    address = begin(buyer, due(buyer))

    page = text(buyer.get(f"{address}/back?status=succeeded&paid=1"))

    assert "Paid" not in page
    with town.jobs() as work:
        invoice = work.session.scalars(select(Invoice)).one()
        assert invoice.status is InvoiceStatus.issued


def test_pressing_twice_begins_one_payment(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed()
    invoices = due(buyer)

    first, second = begin(buyer, invoices), begin(buyer, invoices)

    assert first == second
    assert len(intents(town)) == 1


def test_two_pages_at_the_same_instant_begin_one_payment(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed()
    invoices, together, seen = due(buyer), Barrier(4), []

    def press() -> None:
        client = town.app.test_client()
        client.set_cookie("makao", f"k.{buyer.key}")
        together.wait()
        seen.append(begin(Browser(client), invoices))

    threads = [Thread(target=press) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(set(seen)) == 1
    assert len(intents(town)) == 1


def test_after_a_payment_that_failed_another_can_be_made(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed()
    address = begin(buyer, due(buyer))
    settle(town, address, "failed")

    page = text(buyer.get(f"{address}/back"))
    again = begin(buyer, due(buyer))

    assert "Not paid" in page
    assert "The bank said no." in page
    assert again != address


def test_several_invoices_are_paid_at_once(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed(plan=town.plan)
    invoices = due(buyer)
    assert len(invoices) == 2, "the third waits for its milestone"

    settle(town, begin(buyer, invoices), "succeeded")

    with town.jobs() as work:
        states = work.session.scalars(select(Invoice.status).order_by(Invoice.id)).all()
        assert [each.value for each in states] == ["paid", "paid", "draft"]
        (amount,) = work.session.scalars(select(PaymentIntent.amount))
        assert amount == round(amount, decimals("KES"))


@pytest.mark.req("S3.16", "S3.41", "S3.45")
def test_a_part_of_an_invoice_is_paid_and_the_rest_remains(
    town: Town, confirmed: Confirmed
) -> None:
    buyer, booking = confirmed()
    (invoice,) = due(buyer)
    with town.jobs() as work:
        total = work.session.scalars(select(Invoice.total)).one()

    part = {"invoice": [invoice], "method": "card", "amount": "1,000.50"}
    address = str(buyer.client.post("/portal/payments", data=part).location)
    again = str(buyer.client.post("/portal/payments", data=part).location)
    settle(town, address, "succeeded")

    assert address == again
    with town.jobs() as work:
        row = work.session.scalars(select(Invoice)).one()
        assert (row.status, row.paid_amount) == (InvoiceStatus.partly_paid, Decimal("1000.50"))
    remaining = rf"Remaining.*?KES\s{total - Decimal('1000.50'):,.2f}"
    assert re.search(remaining, text(buyer.get(booking)), re.DOTALL)
    settle(town, begin(buyer, due(buyer)), "succeeded")
    assert re.search(r"Remaining.*?KES\s0\.00", text(buyer.get(booking)), re.DOTALL)


@pytest.mark.req("S3.45")
@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("0", "more than zero"),
        ("-5", "more than zero"),
        ("1.234,56", "in digits"),
        ("1e3", "in digits"),
        ("NaN", "in digits"),
        ("10.005", "2 decimals"),
        ("999999999999", "more than is due"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused_and_kept_in_the_field(
    town: Town, confirmed: Confirmed, amount: str, says: str
) -> None:
    buyer, _ = confirmed()
    given = {"invoice": due(buyer), "method": "card", "amount": amount}

    answer = buyer.client.post("/portal/payments", data=given)

    assert answer.status_code in (409, 422)
    assert says in text(answer)
    assert f'value="{amount}"' in text(answer)
    assert intents(town) == []


def test_a_part_of_several_invoices_pays_what_is_due_first(
    town: Town, confirmed: Confirmed
) -> None:
    buyer, _ = confirmed(plan=town.plan)
    with town.jobs() as work:
        first = work.session.scalars(select(Invoice).order_by(Invoice.due_on)).first()
        assert first
        amount = first.total + 1
    given = {"invoice": due(buyer), "method": "card", "amount": f"{amount:.2f}"}

    settle(town, str(buyer.client.post("/portal/payments", data=given).location), "succeeded")

    with town.jobs() as work:
        rows = work.session.scalars(select(Invoice).order_by(Invoice.due_on.nulls_last())).all()
        assert [each.status.value for each in rows] == ["paid", "partly_paid", "draft"]
        assert rows[1].paid_amount == 1


def test_a_transfer_shows_where_to_and_with_which_reference(
    town: Town, confirmed: Confirmed
) -> None:
    buyer, _ = confirmed()
    with town.jobs() as work:
        organizations.change_setting(work, "bank.details", "Equity Bank 0123 4567")

    page = text(buyer.get(begin(buyer, due(buyer), "bank_transfer")))

    (intent,) = intents(town)
    assert intent.status is IntentStatus.requires_action
    assert "Equity Bank 0123 4567" in page
    assert intent.number in page


def test_a_transfer_on_its_way_is_not_asked_for_again(town: Town, confirmed: Confirmed) -> None:
    buyer, booking = confirmed()
    before = text(buyer.get("/portal/"))
    begin(buyer, due(buyer), "bank_transfer")

    payments_page = text(buyer.get("/portal/payments"))
    assert "mk-needs-me" in before
    assert "mk-needs-me" not in text(buyer.get("/portal/"))
    assert "Transfer awaited" in payments_page
    assert "Transfer awaited" in text(buyer.get(booking))
    assert not re.search(r'name="invoice"[^>]* checked', payments_page)


def test_a_transfer_that_is_not_sent_can_be_given_up_and_still_counts_if_it_comes(
    town: Town, confirmed: Confirmed
) -> None:
    buyer, _ = confirmed()
    address = begin(buyer, due(buyer), "bank_transfer")

    assert "I do not send it" in text(buyer.get(address))
    buyer.post(f"{address}/cancel")
    assert intents(town)[0].status is IntentStatus.cancelled
    assert "given up" in text(buyer.get("/portal/payments"))
    with town.jobs() as work:
        payments.confirm_transfer(work, UUID(address.rpartition("/")[2]))
    assert intents(town)[0].status is IntentStatus.succeeded


def test_the_way_to_pay_is_the_one_that_was_chosen(town: Town) -> None:
    with town.jobs() as work:
        work.session.get_one(Organization, town.home).address = "Riverside Drive 12"
    for apartment, method in ((town.apartment, "bank_transfer"), (town.other, "cash")):
        buyer = town.buyer()
        address = buyer.hold(apartment)
        buyer.post(f"{address}package", package=town.golden)
        buyer.post(f"{address}payment", method=method, plan="")
        total = re.search(r'name="total" value="([^"]+)"', text(buyer.get(f"{address}review")))
        assert total
        done = text(buyer.get(str(buyer.post(f"{address}review", total=total[1]).location)))
        page = text(buyer.get("/portal/payments"))

        assert ("Pay at our office, Riverside Drive 12." in done) is (method == "cash")
        assert ("You chose to pay in cash." in page) is (method == "cash")
        assert "Riverside Drive 12" in page
        wish = "bank_transfer" if method == "bank_transfer" else "card"
        assert re.search(rf'name="method" value="{wish}"[^>]* checked', page)


def test_what_comes_back_of_a_cancelled_booking_is_told(town: Town, confirmed: Confirmed) -> None:
    buyer, booking = confirmed()
    settle(town, begin(buyer, due(buyer)), "succeeded")
    asked = text(buyer.get(f"{booking}cancel"))
    buyer.post(f"{booking}cancel", reason="moved away")
    with town.jobs() as work:
        (saga,) = sagas.due(work)
        assert sagas.claim(work, saga)
        while sagas.advance(work, saga):
            work.session.flush()
    waiting = text(buyer.get(booking))
    with town.jobs() as work:
        (refund,) = cancellations.refunds_of(work, UUID(booking.split("/")[-2]))
        refunds.settled(work, refund.id, Outcome("succeeded"))
        back = f"{refund.amount:,.2f}"
    done = text(buyer.get(booking))

    assert "It goes back the way you paid" in asked
    assert back in asked
    assert "Reason: moved away" in waiting
    assert "Remaining" not in waiting
    assert re.search(rf"What comes back.*?On its way.*?KES\s{back}", waiting, re.DOTALL)
    assert re.search(rf"What comes back.*?Paid back.*?KES\s{back}", done, re.DOTALL)
    assert re.search(rf"We</b>\s+paid back KES\s{back}", done)
    assert "INV-" in done, "its invoices are still there to read"


def test_no_length_of_history_hides_what_is_due(
    town: Town, confirmed: Confirmed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list ends somewhere; what is to be paid stands first, and where it ends is said."""
    buyer, _ = confirmed()
    (invoice,) = due(buyer)
    monkeypatch.setattr(buying, "MOST", 3)
    long_ago = date(2020, 1, 1)
    with town.jobs() as work:
        assert buyer.party_id
        for _each in range(3):
            line = billing.Line("Keys", Decimal(500), postings.UNEARNED)
            old = billing.draft(work, buyer.party_id, "KES", "Keys", [line])
            billing.issue(work, old.id, long_ago)
            payments.record(work, [payments.Part(old.id)], PaymentMethod.cash)

    page = text(buyer.get("/portal/payments"))

    assert due(buyer) == [invoice]
    assert f"These are the newest {buying.MOST}." in page


@pytest.mark.parametrize(
    ("invoices", "method"),
    [([], "card"), (None, "cash"), (None, "nonsense"), (None, "")],
)
def test_nothing_to_pay_and_no_way_to_pay_are_said(
    town: Town, confirmed: Confirmed, invoices: list[str] | None, method: str
) -> None:
    buyer, _ = confirmed()
    chosen = due(buyer) if invoices is None else invoices

    answer = buyer.client.post("/portal/payments", data={"invoice": chosen, "method": method})

    assert answer.status_code == 422
    assert "Choose" in text(answer)
    assert intents(town) == []


def test_a_payment_not_made_can_be_given_up(town: Town, confirmed: Confirmed) -> None:
    buyer, _ = confirmed()
    address = begin(buyer, due(buyer))

    assert buyer.post(f"{address}/cancel").location == "/portal/payments"
    assert intents(town)[0].status is IntentStatus.cancelled
    assert "Not paid" in text(buyer.get(address))
