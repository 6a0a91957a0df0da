"""The wallet in the portal: opened, given a PIN, filled, spent from, and read."""

import re
from decimal import Decimal
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from models.billing import PaymentMethod
from models.payments import PaymentIntent
from models.wallet_orders import Channel, Order
from models.wallets import Wallet, WalletStatus
from services import organizations, payments, wallet_bills, wallet_orders, wallets
from services.payments import Outcome
from services.wallet_bills import Biller
from services.wallet_orders import Ask
from services.wallet_payouts import Destination
from tests import make
from tests.adapters.test_documents import _text as printed
from tests.purses import BANKED, an_invoice, fill, in_it
from tests.views.conftest import Office

PIN = "2580"
SET_UP = (
    *("CARD_PROVIDER_URL", "CARD_PROVIDER_KEY", "CARD_WEBHOOK_SECRET"),
    *("STRIPE_KEY", "STRIPE_WEBHOOK_SECRET"),
    *("PAYSTACK_KEY", "FLUTTERWAVE_KEY", "FLUTTERWAVE_WEBHOOK_HASH"),
    *("MPESA_KEY", "MPESA_SECRET", "MPESA_SHORTCODE", "MPESA_PASSKEY"),
)
"""The settings without which a provider is not offered."""


class Holder:
    """A browser of somebody who keeps a wallet."""

    def __init__(self, office: Office, role: str) -> None:
        self.office = office
        with office.work() as work:
            self.party_id = make.party(work, name="Kevin Mutua").id
        self.client: FlaskClient = office.browser(role, party_id=self.party_id)

    def wallet_id(self) -> UUID:
        with self.office.work() as work:
            return work.session.scalars(select(Wallet.id)).one()

    def get(self, path: str) -> str:
        answer = self.client.get(f"/portal/wallet{path}")
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def send(self, path: str, **given: object) -> tuple[int, str]:
        """Fill in the form of a page and press its button, with the form's own key."""
        key = re.search(r'name="key" value="([^"]+)"', self.get(path))
        form = {"key": key[1] if key else "", **given}
        answer = self.client.post(f"/portal/wallet{path}", data=form)
        return answer.status_code, answer.location or answer.get_data(as_text=True)

    def ready(self, amount: str = "1000") -> None:
        """Open the wallet, set its PIN, and put money into it."""
        assert self.client.post("/portal/wallet/open").location.endswith("/portal/wallet/pin")
        said = self.send("/pin", pin=PIN, again=PIN, password=make.PASSWORD)
        assert said[0] == 302, said
        with self.office.work() as work:
            fill(work, work.session.scalars(select(Wallet.id)).one(), amount)


@pytest.fixture(params=["Buyer", "Resident"])
def holder(office: Office, request: pytest.FixtureRequest) -> Holder:
    return Holder(office, request.param)


@pytest.mark.req("S1.42", "S1.48", "S1.49")
def test_a_wallet_is_opened_filled_and_read(holder: Holder) -> None:
    assert "Open my wallet" in holder.get("/")
    assert holder.client.get("/portal/wallet/statement").status_code == 404
    holder.client.post("/portal/wallet/open")
    assert "Set a PIN first" in holder.get("/")

    holder.ready()
    page = holder.get("/")
    assert "KES\N{NO-BREAK SPACE}1,000.00" in page
    assert "kevin.mutua" in page
    assert "Top-up" in page

    code, address = holder.send("/top-up", amount="250", method="bank_transfer")
    assert code == 302
    with holder.office.work() as work:
        intent_id = UUID(address.rsplit("/", 1)[1])
        payments.settle(work, intent_id, Outcome("succeeded", Decimal(250), "KES"))
        assert in_it(work, holder.wallet_id()) == 1250


@pytest.mark.req("S1.41", "S1.42")
def test_a_wallet_is_filled_by_any_provider_that_the_organization_offers(
    office: Office, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder.client.post("/portal/wallet/open")
    for name in SET_UP:
        monkeypatch.setitem(office.app.config, name, "here")
    with office.work() as work:
        organizations.change_setting(work, "payment.by_paystack", value=False)
    page = holder.get("/top-up")
    assert re.findall(r'name="method" value="([^"]+)"', page) == [
        "card",
        "stripe",
        "flutterwave",
        "mpesa",
        "bank_transfer",
    ]

    for way in ("flutterwave", "mpesa"):
        code, _address = holder.send("/top-up", amount="250", method=way, phone="0700 555 123")
        assert code == 302
    for given in ({"method": "paystack"}, {"method": "mpesa", "phone": "12"}, {"method": ""}):
        code, _said = holder.send("/top-up", amount="250", **given)
        assert code in (409, 422), given
    assert holder.send("/top-up", amount="250.50", method="mpesa", phone="0700555123")[0] == 422

    with office.work() as work:
        begun = work.session.scalars(select(PaymentIntent).order_by(PaymentIntent.id)).all()
        assert [(each.provider, each.method, each.phone) for each in begun] == [
            ("flutterwave", PaymentMethod.card, ""),
            ("mpesa", PaymentMethod.mobile_money, "+254700555123"),
        ]
        assert {each.wallet_id for each in begun} == {holder.wallet_id()}


@pytest.mark.req("S1.41", "S1.42", "S1.78")
def test_invoices_are_paid_with_a_pin_once(holder: Holder) -> None:
    holder.ready()
    with holder.office.work() as work:
        invoice_id = an_invoice(work, holder.party_id, "300")
    wrong = holder.send("/pay", invoice=invoice_id, pin="0000")
    assert wrong[0] == 422
    assert "That PIN is not right" in wrong[1]
    with holder.office.work() as work:
        assert work.session.scalar(select(func.count()).select_from(Order)) == 0

    form = {"invoice": invoice_id, "pin": PIN, "key": "the form's own"}
    first, again = (holder.client.post("/portal/wallet/pay", data=form) for _ in range(2))
    assert first.status_code == again.status_code == 302
    assert first.location == again.location
    assert "Being made" in holder.client.get(first.location).get_data(as_text=True)
    with holder.office.work() as work:
        wallet_orders.carry_out(work, UUID(first.location.rsplit("/", 1)[1]))
        assert in_it(work, holder.wallet_id()) == 700

    shown = holder.client.get(f"{first.location}/state").get_data(as_text=True)
    assert "Done" in shown
    assert "Receipt" in shown


@pytest.mark.req("S1.61", "S1.62")
def test_money_is_sent_and_withdrawn(holder: Holder) -> None:
    holder.ready()
    with holder.office.work() as work:
        wallets.open_for(work, make.party(work, name="Halima Abdi").id)
    code, said = holder.send("/send", to="nobody", amount="10", pin=PIN)
    assert (code, "There is no wallet of that name" in said) == (422, True)
    code, address = holder.send("/send", to="halima.abdi", amount="10.50", note="Tea", pin=PIN)
    assert code == 302, address

    account = {"number": "0123456789", "name": "Kevin Mutua", "bank_name": "Equity"}
    code, said = holder.send("/withdraw", amount="500", channel="", pin=PIN, **account)
    assert (code, "Choose where the money goes" in said) == (422, True)
    code, address = holder.send("/withdraw", amount="500", channel="bank", pin=PIN, **account)
    assert code == 302, address
    shown = holder.client.get(address).get_data(as_text=True)
    assert "\N{BULLET}6789" in shown
    assert "0123456789" not in shown
    code, said = holder.send("/withdraw", amount="1e3", channel="bank", pin=PIN, **account)
    assert code == 422


@pytest.mark.req("S1.58")
def test_the_recharge_pin_of_a_prepaid_bill_is_shown_to_its_owner_alone(
    office: Office, holder: Holder
) -> None:
    holder.ready()
    with office.work() as work:
        where = Destination(Channel.mobile_money, "0700555999", "Kenya Power")
        biller = Biller("Kenya Power", "Prepaid power", "METER-4471")
        ask = Ask(holder.wallet_id(), None, "x")
        order_id = wallet_bills.pay(work, ask, Decimal(400), where, biller).id
        wallet_orders.carry_out(work, order_id)
    out = f"/api/v1/wallet_order/{order_id}/paid_out"
    given = {"reference": "KP-1", "recharge_pin": "4455667788990011"}
    paid = office.program("Accountant")("POST", out, key="a", json=given)
    assert paid.status_code == 200, paid.json

    assert "4455 6677 8899 0011" in holder.get(f"/orders/{order_id}")
    assert "4455667788990011" not in holder.client.get("/portal/wallet/statement.csv").text
    stranger = Holder(office, "Resident").client.get(f"/portal/wallet/orders/{order_id}")
    assert stranger.status_code == 404
    pages = office.browser("Accountant")
    for path in ("/admin/wallet_transaction/", f"/admin/wallet_order/{order_id}"):
        assert "4455" not in pages.get(path).get_data(as_text=True)


def test_a_statement_tells_what_moved_on_a_page_and_as_a_table(holder: Holder) -> None:
    holder.ready()
    page = holder.get("/statement")
    assert "Balance on" in page
    assert "1,000.00" in page
    answer = holder.client.get("/portal/wallet/statement.csv")
    lines = answer.get_data(as_text=True).splitlines()
    assert answer.mimetype == "text/csv"
    assert len(lines) == 2
    assert "Top-up" in lines[1]
    paper = holder.client.get("/portal/wallet/statement.pdf")
    assert paper.mimetype == "application/pdf"
    said = printed(paper.data)
    for each in ("Wallet statement", "kevin.mutua", "Opening balance", "Top-up", "1,000.00"):
        assert each in said
    for query in ("since=2026-13-01", "since=2026-02-01&until=2026-01-01"):
        assert holder.client.get(f"/portal/wallet/statement?{query}").status_code == 422
    empty = holder.get("/statement?since=2020-01-01&until=2020-01-02")
    assert "Nothing moved in these days." in empty


@pytest.mark.req("S1.78")
def test_a_pin_takes_the_password(holder: Holder) -> None:
    holder.client.post("/portal/wallet/open")
    for given, says in (
        ({"pin": PIN, "again": "1357", "password": make.PASSWORD}, "not the same"),
        ({"pin": PIN, "again": PIN, "password": "wrong"}, "password is not right"),
        ({"pin": "1234", "again": "1234", "password": make.PASSWORD}, "4 to 6 digits"),
    ):
        code, said = holder.send("/pin", **given)
        assert code >= 400
        assert says in said


def test_nothing_leaves_a_frozen_wallet_and_the_page_says_so(holder: Holder) -> None:
    holder.ready()
    with holder.office.work() as work:
        wallets.freeze(work, holder.wallet_id(), "Your phone was stolen.")
    page = holder.get("/")
    assert "Your phone was stolen." in page
    assert "Withdraw" not in page
    account = {"number": "0123456789", "name": "Kevin Mutua", "bank_name": "Equity"}
    code, said = holder.send("/withdraw", amount="500", channel="bank", pin=PIN, **account)
    assert (code, "frozen or closed" in said) == (409, True)


@pytest.mark.req("S1.62")
def test_staff_freezes_and_pays_out_and_never_spends(office: Office, holder: Holder) -> None:
    holder.ready()
    with office.work() as work:
        ask = Ask(holder.wallet_id(), None, "x")
        order_id = wallet_orders.withdraw(work, ask, Decimal(400), BANKED).id
        wallet_orders.carry_out(work, order_id)
    wallet_id = holder.wallet_id()
    accountant, manager = office.program("Accountant"), office.program("Manager")
    freeze, reason = f"/api/v1/wallet/{wallet_id}/freeze", {"reason": "stolen"}
    assert manager("POST", freeze, key="a", json=reason).status_code == 403
    assert accountant("POST", freeze, key="b", json=reason).status_code == 200
    out = f"/api/v1/wallet_order/{order_id}/paid_out"
    pages, waits = office.browser("Accountant"), "Pay out of the wallet kevin.mutua"
    assert waits in pages.get("/home/").get_data(as_text=True)
    assert accountant("POST", out, json={"reference": "EQ-1"}).status_code == 400  # no key
    paid = accountant("POST", out, key="c", json={"reference": "EQ-1"})
    assert paid.status_code == 200, paid.json
    with office.work() as work:
        assert in_it(work, wallet_id) == 600
        assert work.session.get_one(Wallet, wallet_id).status is WalletStatus.frozen
    shown = accountant("GET", "/api/v1/wallet_transaction/").get_data(as_text=True)
    assert "0123456789" not in shown
    assert "locked" not in shown
    assert waits not in pages.get("/home/").get_data(as_text=True)
    for table in ("wallet", "wallet_order", "wallet_transaction"):
        page = pages.get(f"/admin/{table}/").get_data(as_text=True)
        assert "kevin.mutua" in page
        assert "0123456789" not in page
    path = f"/admin/wallet_order/{order_id}"
    assert "0123456789" not in pages.get(path).get_data(as_text=True)
    assert manager("POST", f"/api/v1/wallet_order/{order_id}/reveal", json={}).status_code == 403
