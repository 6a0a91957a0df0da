"""What the owner of a wallet does: fills it, pays, sends, has money paid out, and sets the PIN."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID, uuid4

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from core import db
from core.errors import BadInput, NotFound, Refused
from core.money import decimals, parsed
from core.work import Work, clock, unit_of_work
from models.payments import ONLINE
from models.wallet_orders import CHANNEL_LABELS, Channel, Order
from models.wallets import Wallet
from services import buying, top_ups, wallet_orders, wallet_pins, wallets
from services.wallet_orders import Ask
from services.wallet_payouts import Destination
from services.wallet_pins import PinLocked, WrongPin
from views.admin.words import money
from views.portal import offered
from views.portal.pages import PortalView, needs, reading
from views.portal.wallet import TABLE, balance, own_or_none_such
from views.web.person import actor, signed_in
from views.web.refusals import sentence


class Row(Protocol):
    """Any row of an organization."""

    id: Any
    organization_id: Any


class PortalWalletActsView(PortalView):
    """The forms of a wallet. Each has a key of its own: pressed twice it is one wish."""

    route_base = "/portal/wallet"
    default_view = "pin"

    @expose("/top-up", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def top_up(self) -> Any:
        """Begin to put money in, through a provider or by a transfer."""
        return self._form(_top_up, _top_up_fields, _("Top up"), _("Go on"), ways=_ways)

    @expose("/pay", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def pay(self) -> Any:
        """Pay invoices out of the wallet."""
        due = [bill for bill in buying.bills(reading()) if bill.due]
        return self._form(_pay, pin_field, _("Pay from my wallet"), _("Pay"), bills=due)

    @expose("/send", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def send(self) -> Any:
        """Send money to another wallet: first its name, then whose it is is shown with the PIN."""
        return self._form(_send, _send_fields, _("Send money"), _("Send"))

    @expose("/withdraw", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def withdraw(self) -> Any:
        """Have money paid out to a bank account or a phone."""
        return self._form(_withdraw, _withdraw_fields, _("Withdraw"), _("Withdraw"))

    @expose("/pin", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("use", TABLE)
    def pin(self) -> Any:
        """Set or change the PIN, with the password and the second factor."""
        return self._form(_choose_pin, _pin_fields, _("PIN of my wallet"), _("Keep this PIN"))

    def _form(
        self,
        do: Callable[[Wallet], Any],
        fields: Callable[[Wallet, Refused | None], list[dict[str, Any]]],
        title: str,
        submit: str,
        ways: Callable[[Wallet], list[dict[str, Any]]] | None = None,
        **more: Any,
    ) -> Any:
        work, refusal = reading(), None
        mine = own_or_none_such(work)
        if request.method == "POST":
            try:
                return do(mine)
            except Refused as refused:
                if refused.status == 404:
                    raise
                refusal = refused
                db.session().rollback()
                mine = own_or_none_such(reading())
        shown = fields(mine, refusal)
        beside = {each["name"] for each in shown}
        page = self.page(
            "portal/wallet_form.html",
            "wallet",
            title=title,
            submit=submit,
            fields=shown,
            key=request.form.get("key") or str(uuid4()),
            error=sentence(refusal) if refusal and refusal.field not in beside else "",
            ways=ways(mine) if ways else (),
            picked=request.form.getlist("invoice") or request.args.getlist("invoice"),
            **balance(reading(), mine),
            **more,
        )
        return (page, refusal.status) if refusal else page


def proved(do: Callable[[Work], Row]) -> tuple[UUID, UUID]:
    """Do what takes a PIN; gives the ids of what it made, and of its organization.

    A wrong PIN is counted: that is kept, too.
    """
    wrong: Refused | None = None
    with unit_of_work(db.session(), actor()) as work:
        try:
            made = do(work)
        except (WrongPin, PinLocked) as refusal:
            wrong = refusal
        else:
            return made.id, made.organization_id
    assert wrong
    raise wrong


def _asked(do: Callable[[Work], Order]) -> Any:
    """Write a wish down, and have it carried out."""
    order_id, home = proved(do)
    ring = current_app.extensions["ring"]
    ring("workers.wallets.carry_out", home, order_id, queue="money")
    return redirect(url_for("PortalWalletView.order", order_id=order_id))


def _ask(wallet: Wallet) -> Ask:
    key = request.form.get("key", "").strip()
    if not key:
        raise BadInput(_("Load the page again: its form has no key."))
    return Ask(wallet.id, request.form.get("pin", "").strip(), key)


def _amount(wallet: Wallet) -> Decimal:
    return parsed(request.form.get("amount", ""), wallet.currency)


def _top_up(wallet: Wallet) -> Any:
    wallet_id, amount, form = wallet.id, _amount(wallet), request.form
    with unit_of_work(db.session(), actor()) as work:
        method, provider = offered.chosen(work, form.get("method", ""))
        key, phone = form.get("key", ""), form.get("phone", "").strip()
        intent = top_ups.begin(work, wallet_id, amount, method, key, provider=provider, phone=phone)
        address = url_for("PortalPaymentsView.back", intent_id=intent.id)
        intent.return_url = f"{current_app.config['PUBLIC_URL']}{address}"
        intent_id, home = intent.id, intent.organization_id
    if method in ONLINE:
        current_app.extensions["ring"]("workers.payments.ask", home, intent_id, queue="money")
    return redirect(url_for("PortalPaymentsView.payment", intent_id=intent_id))


def _pay(wallet: Wallet) -> Any:
    ask = _ask(wallet)
    try:
        ids = [UUID(each) for each in request.form.getlist("invoice")]
    except ValueError:
        raise NotFound from None
    return _asked(lambda work: wallet_orders.pay(work, ask, ids))


def _send(wallet: Wallet) -> Any:
    ask, amount, form = _ask(wallet), _amount(wallet), request.form
    to, note = form.get("to", ""), form.get("note", "").strip()
    return _asked(lambda work: wallet_orders.transfer(work, ask, to, amount, note))


def _withdraw(wallet: Wallet) -> Any:
    ask, amount, form = _ask(wallet), _amount(wallet), request.form
    channel = next((each for each in Channel if each.value == form.get("channel")), None)
    if channel is None:
        raise BadInput(_("Choose where the money goes."), field="channel")
    where = Destination(
        channel,
        form.get("number", ""),
        form.get("name", ""),
        form.get("bank_name", ""),
    )
    return _asked(lambda work: wallet_orders.withdraw(work, ask, amount, where))


def _choose_pin(wallet: Wallet) -> Any:
    form, door = request.form, db.door()
    if form.get("pin") != form.get("again"):
        raise BadInput(_("The two PINs are not the same."), field="again")
    try:
        wallet_pins.choose(
            door,
            signed_in().profile_id,
            wallet.id,
            form.get("pin", ""),
            password=form.get("password", ""),
            code=form.get("code", ""),
            now=clock(),
        )
    finally:
        _keep_tries(door)
    flash(_("Your PIN is set. From now on it pays."), "success")
    return redirect(url_for("PortalWalletView.wallet"))


def _keep_tries(door: Any) -> None:
    """Keep what sign-in has counted, also where it refused."""
    door.commit()


def field(name: str, label: str, refusal: Refused | None, **more: Any) -> dict[str, Any]:
    """Describe a field with what was typed, and with the refusal, if it is about this one."""
    wrong = refusal is not None and refusal.field == name
    return {
        "name": name,
        "label": label,
        "value": request.form.get(name, more.pop("value", "")),
        "errors": [sentence(refusal)] if refusal and wrong else [],
        "required": True,
        **more,
    }


def pin_field(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    """Ask for the PIN of a wallet."""
    return [field("pin", _("PIN"), refusal, kind="password", autocomplete="off")]


def _amount_field(wallet: Wallet, refusal: Refused | None, hint: str = "") -> dict[str, Any]:
    places = decimals(wallet.currency)
    more = {"currency": wallet.currency, "decimals": places, "hint": hint}
    return field("amount", _("Amount"), refusal, kind="money", **more)


def _top_up_fields(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    hint = ""
    if wallet.cap is not None:
        room = money(max(wallet.cap - wallet.balance, Decimal(0)), wallet.currency)
        hint = _("It may take %(room)s more.", room=room)
    fields = [_amount_field(wallet, refusal, hint)]
    asks = next(
        (each.name for each in offered.offers(reading(), wallet.currency) if each.phone), ""
    )
    if asks:
        says = _("Only for M-Pesa: this phone is asked for its PIN.")
        label, value = _("M-Pesa phone number"), offered.phone(reading())
        phone = field("phone", label, refusal, required=False, hint=says, value=value, way=asks)
        fields.append(phone)
    return fields


def _ways(wallet: Wallet) -> list[dict[str, Any]]:
    """Offer the organization's providers, and a transfer."""
    return offered.choices(offered.offers(reading(), wallet.currency))


def _send_fields(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    to = request.form.get("to", "").strip()
    known = wallets.known(reading(), to) if to else None
    whose = _("This wallet is of %(name)s.", name=known.holder) if known else ""
    hint = whose or _("Ask for the name of their wallet; it looks like %(name)s.", name=wallet.name)
    return [
        field("to", _("To the wallet"), refusal, autocomplete="off", hint=hint),
        _amount_field(wallet, refusal),
        field("note", _("Note"), refusal, required=False, maxlength=200),
        *pin_field(wallet, refusal),
    ]


def _withdraw_fields(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    ways = [{"value": each.value, "label": _(CHANNEL_LABELS[each])} for each in Channel]
    return [
        _amount_field(wallet, refusal),
        field("channel", _("Where to"), refusal, kind="choice", options=ways),
        field("bank_name", _("Bank"), refusal, required=False, hint=_("Not for mobile money.")),
        field("number", _("Account or phone number"), refusal, autocomplete="off"),
        field("name", _("Name on the account"), refusal),
        *pin_field(wallet, refusal),
    ]


def _pin_fields(wallet: Wallet, refusal: Refused | None) -> list[dict[str, Any]]:
    hint = _(wallet_pins.PinTooEasy.says)
    fields = [
        field("pin", _("New PIN"), refusal, kind="password", autocomplete="off", hint=hint),
        field("again", _("New PIN again"), refusal, kind="password", autocomplete="off"),
        field("password", _("Your password"), refusal, kind="password"),
    ]
    if signed_in().identity.two_factor_enabled:
        code = field("code", _("Code of your app"), refusal, autocomplete="one-time-code")
        fields.append({**code, "value": ""})
    return fields
