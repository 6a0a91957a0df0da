"""Bills that a wallet pays to an account outside, as its owner has had them scheduled."""

from dataclasses import dataclass
from decimal import Decimal

from core.work import Work
from models.wallet_orders import Order, OrderKind
from services import wallet_orders, wallet_payouts
from services.wallet_orders import Ask
from services.wallet_payouts import Destination


@dataclass(frozen=True, slots=True)
class Biller:
    """Who a bill is paid to, for what, and what they know the payer by."""

    name: str
    item: str
    customer_number: str


def pay(work: Work, ask: Ask, amount: Decimal, where: Destination, biller: Biller) -> Order:
    """Ask for a bill to be paid to an account outside, once a key.

    Raises:
        NotEnough: the wallet does not hold so much that is free.
        NotActive: it is frozen or closed.

    """
    order = wallet_orders.new(work, ask, OrderKind.bill, amount)
    wallet_payouts.address(order, where, where.number)
    order.biller_name, order.item_name = biller.name[:120], biller.item[:120]
    order.item_code = biller.customer_number[:80]
    return wallet_orders.place(work, order)
