"""What happens in a simulation, day by day. Everybody uses the services as their role lets them."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select

from core.errors import Refused
from core.work import Work
from models.billing import Invoice, PaymentMethod
from models.bookings import Booking, BookingInvoice, BookingStatus, InstalmentPlan
from models.events import Saga
from models.payments import ONLINE, IntentStatus, PaymentIntent, Refund, RefundStatus
from models.sales import (
    Addon,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    ApartmentStatus,
    ApartmentType,
    Package,
)
from services import (
    booking_ends,
    bookings,
    buying,
    cancellations,
    choices,
    paying,
    payments,
    refunds,
    sagas,
    top_ups,
    wallet_orders,
    wallet_pins,
    wallets,
)
from services.buying import Bill, Purchase
from services.payments import Part
from services.wallet_orders import Ask
from workers.demo_cast import REASONS
from workers.refunds import send_back
from workers.simulate_people import (
    ACCOUNTANT,
    BUYER,
    MANAGER,
    PIN,
    SELLER,
    Machine,
    Player,
    choose_pin,
)

BY_CARD, BY_TRANSFER, IN_CASH = "card", "transfer", "cash"
STEPS_MOST = 12
PayByCard = Callable[[UUID], bool]
"""Pays a payment at the provider's page; says whether it went through."""


@dataclass(frozen=True, slots=True)
class Done:
    """One kind of thing that happened, by whom, in which currency ('' where no money moved)."""

    what: str
    who: str
    currency: str = ""


@dataclass
class Days:
    """A play: its people, its dice, and what has happened so far."""

    players: Sequence[Player]
    dice: random.Random
    by_card: PayByCard | None = None
    times: Counter[Done] = field(default_factory=Counter)
    sums: dict[Done, Decimal] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Know who is who."""
        self.buyers = [each for each in self.players if each.role == BUYER]
        staff = {each.role: each for each in self.players if each.role != BUYER}
        self.seller, self.manager = staff[SELLER], staff[MANAGER]
        self.accountant, self.machine = staff[ACCOUNTANT], Machine(self.players[0].home)

    def play(self, began: datetime, days: int) -> Iterator[int]:
        """Let the days pass; gives each when it is over."""
        for number in range(days):
            morning = began + timedelta(days=number)
            for at, buyer in enumerate(self.buyers):
                if self.dice.random() < 0.6:
                    self._buys(buyer, morning + timedelta(minutes=5 * at))
            self._works(morning + timedelta(hours=8))
            yield number + 1
        self._goes_on(began + timedelta(days=days))

    # What buyers do.

    def _buys(self, buyer: Player, now: datetime) -> None:
        with buyer.at(now) as work:
            mine = [each for each in buying.purchases(work) if not _over(each)]
            due = [each for each in buying.bills(work) if each.due]
        lot = self.dice.random()
        if not mine:
            self._books(buyer, now)
        elif lot < 0.08 and mine[0].status is BookingStatus.in_progress:
            self._cancels(buyer, mine[0], now)
        elif due and lot < 0.75:
            self._pays(buyer, due[0], now)
        else:
            self._fills_or_sends(buyer, now)

    def _books(self, buyer: Player, now: datetime) -> None:
        hesitates, kept = self.dice.random() < 0.15, None
        with self._trying(buyer, now) as work:
            flat = self._free(work)
            if flat is None:
                return
            assert buyer.party_id
            booking = bookings.hold(work, flat, buyer.party_id)
            self._done("Held an apartment", buyer)
            if hesitates:
                kept = booking.id
            else:
                self._chooses(work, booking)
                booking = bookings.confirm(work, booking.id)
                self._done("Chose, and confirmed a booking", buyer, booking.total, booking.currency)
        if kept is not None:
            with self.machine.at(now + timedelta(hours=20)) as work:
                # The schedule of a running system may have been faster.
                booking_ends.expire(work, kept)
                self._done("Let a hold run out", buyer)

    def _free(self, work: Work) -> UUID | None:
        query = (
            select(Apartment.id)
            .where(Apartment.status == ApartmentStatus.for_sale)
            .where(Apartment.type != ApartmentType.template, Apartment.source_id.is_(None))
            .where(
                select(ApartmentPackage.id)
                .where(ApartmentPackage.apartment_id == Apartment.id)
                .exists()
            )
            .order_by(Apartment.name, Apartment.id)
        )
        count = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if not count:
            return None
        return work.session.scalar(query.offset(self.dice.randrange(count)).limit(1))

    def _chooses(self, work: Work, booking: Booking) -> None:
        packages = (
            select(Package.id)
            .join(ApartmentPackage, ApartmentPackage.package_id == Package.id)
            .where(ApartmentPackage.apartment_id == booking.original_id)
            .order_by(Package.price, Package.name)
        )
        choices.choose_package(
            work, booking.id, self.dice.choice(work.session.scalars(packages).all())
        )
        addons = (
            select(Addon)
            .join(ApartmentAddon, ApartmentAddon.addon_id == Addon.id)
            .where(ApartmentAddon.apartment_id == booking.original_id)
            .order_by(Addon.name, Addon.id)
        )
        offered = work.session.scalars(addons).all()
        some = self.dice.sample(offered, min(len(offered), self.dice.randint(0, 2)))
        choices.choose_addons(work, booking.id, {each.id: 1 for each in some})
        plans = (
            select(InstalmentPlan.id)
            .join(Apartment, Apartment.project_id == InstalmentPlan.project_id)
            .where(Apartment.id == booking.original_id)
            .order_by(InstalmentPlan.name)
        )
        plan = self.dice.choice([None, *work.session.scalars(plans)])
        choices.choose_payment(work, booking.id, PaymentMethod.bank_transfer, plan)

    def _cancels(self, buyer: Player, mine: Purchase, now: datetime) -> None:
        with self._trying(buyer, now) as work:
            booking_ends.cancel(work, mine.id, self.dice.choice(REASONS))
            self._done("Cancelled a booking", buyer)

    def _pays(self, buyer: Player, bill: Bill, now: datetime) -> None:
        ways = [BY_CARD, BY_TRANSFER, IN_CASH] if self.by_card else [BY_TRANSFER, IN_CASH]
        way = self.dice.choice(ways)
        if way == IN_CASH:
            with self._trying(self.accountant, now) as work:
                payments.record(work, [Part(bill.id)], PaymentMethod.cash, again=True)
                self._done("Took cash for an invoice", self.accountant, bill.due, bill.currency)
            return
        method = PaymentMethod.card if way == BY_CARD else PaymentMethod.bank_transfer
        intent_id = None
        with self._trying(buyer, now) as work:
            intent_id = paying.pay(work, [bill.id], method, again=True).id
        if intent_id is None:
            return
        if way == BY_CARD:
            assert self.by_card
            if self.by_card(intent_id):
                self._done("Paid an invoice by card", buyer, bill.due, bill.currency)
            return
        self._arrives(intent_id, now + timedelta(hours=2), "Paid an invoice by transfer", buyer)

    def _arrives(self, intent_id: UUID, now: datetime, what: str, payer: Player) -> None:
        """Have the accountant see a transfer on the bank's statement."""
        with self._trying(self.accountant, now) as work:
            intent = payments.confirm_transfer(work, intent_id)
            if intent.status is IntentStatus.succeeded:
                self._done(what, payer, intent.amount, intent.currency)

    # What they do with their wallets.

    def _fills_or_sends(self, buyer: Player, now: datetime) -> None:
        assert buyer.party_id
        others = [each for each in self.buyers if each is not buyer]
        amount, to = Decimal(self.dice.randint(5, 90) * 100), self.dice.choice(others or [buyer])
        with buyer.at(now) as work:
            mine = wallets.open_for(work, buyer.party_id)
            wallet_id, there = mine.id, wallets.available(work, mine.id)
            has_pin = wallet_pins.has_pin(work, wallet_id)
        if not has_pin:
            choose_pin(buyer, wallet_id)
        if there < amount or to is buyer:
            intent_id = None
            with self._trying(buyer, now) as work:
                transfer = PaymentMethod.bank_transfer
                intent_id = top_ups.begin(work, wallet_id, amount * 2, transfer).id
            if intent_id:
                later = now + timedelta(hours=1)
                self._arrives(intent_id, later, "Put money into a wallet", buyer)
            return
        assert to.party_id
        with to.at(now) as work:
            name = wallets.open_for(work, to.party_id).name
        order_id = None
        with self._trying(buyer, now) as work:
            ask = Ask(wallet_id, PIN, f"{now.isoformat()} {buyer.name}")
            order_id = wallet_orders.transfer(work, ask, name, amount, "My share").id
        if order_id is not None:
            with self.machine.at(now) as work:
                order = wallet_orders.carry_out(work, order_id)
                self._done("Sent money to another wallet", buyer, order.amount, order.currency)

    # What the staff does.

    def _works(self, now: datetime) -> None:
        for booking_id in self._theirs(BookingStatus.in_progress, now):
            if self.dice.random() < 0.5:
                with self._trying(self.seller, now) as work:
                    paid = (
                        select(Invoice.id)
                        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
                        .where(BookingInvoice.booking_id == booking_id, Invoice.paid_amount > 0)
                    )
                    if work.session.scalar(paid.limit(1)):
                        bookings.submit(work, booking_id)
                        self._done("Handed a booking in for review", self.seller)
        for booking_id in self._theirs(BookingStatus.under_review, now):
            self._decides(booking_id, now + timedelta(hours=1))
        self._goes_on(now + timedelta(hours=2))

    def _theirs(self, status: BookingStatus, now: datetime) -> list[UUID]:
        """Find the bookings of those who play, the oldest first."""
        parties = [each.party_id for each in self.buyers]
        query = select(Booking.id).where(Booking.customer_id.in_(parties), Booking.status == status)
        with self.manager.at(now) as work:
            return list(work.session.scalars(query.order_by(Booking.created_at, Booking.number)))

    def _decides(self, booking_id: UUID, now: datetime) -> None:
        lot = self.dice.random()
        with self._trying(self.manager, now) as work:
            if lot < 0.15:
                booking_ends.reject(work, booking_id, self.dice.choice(REASONS))
                self._done("Rejected a booking", self.manager)
            elif lot < 0.85:
                if bookings.approve(work, booking_id).status is BookingStatus.approved:
                    self._done("Approved a booking", self.manager)
                else:
                    self._done("Approved a booking, and others have to", self.manager)

    def _goes_on(self, now: datetime) -> None:
        """Let cancellations and sales go on, and money go back."""
        for _step in range(STEPS_MOST):
            moved = self._advances(now)
            for refund_id, by_hand in self._refunds(now):
                moved = True
                if not by_hand:
                    send_back(self.machine.home, str(refund_id))
                    continue
                with self.accountant.at(now) as work:
                    refund = refunds.settle(work, refund_id)
                    self._done("Paid money back", self.accountant, refund.amount, refund.currency)
                with self.machine.at(now) as work:
                    cancellations.wake(work, refund_id)
            if not moved:
                break
        for booking_id in self._theirs(BookingStatus.approved, now):
            with self.machine.at(now) as work:
                if booking_ends.settle(work, booking_id):
                    self._done("Sold an apartment", self.manager)

    def _refunds(self, now: datetime) -> list[tuple[UUID, bool]]:
        """Find what is to go back to those who play, and whether somebody pays it by hand."""
        parties = [each.party_id for each in self.buyers]
        query = (
            select(Refund.id, PaymentIntent.method)
            .join(PaymentIntent, PaymentIntent.id == Refund.intent_id)
            .where(Refund.status == RefundStatus.requested, Refund.party_id.in_(parties))
            .where(or_(Refund.check_at.is_(None), Refund.check_at <= now))
            .order_by(Refund.id)
        )
        with self.accountant.at(now) as work:
            return [(row.id, row.method not in ONLINE) for row in work.session.execute(query)]

    def _advances(self, now: datetime) -> bool:
        parties = [each.party_id for each in self.buyers]
        query = (
            select(Saga.id)
            .join(Booking, Booking.id == Saga.subject_id)
            .where(Booking.customer_id.in_(parties), Saga.finished_at.is_(None))
            .order_by(Saga.id)
        )
        with self.machine.at(now) as work:
            open_ones = work.session.scalars(query).all()
        moved = False
        for saga_id in open_ones:
            with self.machine.at(now) as work:
                moved = bool(sagas.claim(work, saga_id) and sagas.advance(work, saga_id)) or moved
        return moved

    # What is kept of it.

    @contextmanager
    def _trying(self, who: Player, now: datetime) -> Iterator[Work]:
        """Work as somebody; what the business refuses is counted, and leaves nothing."""
        times, sums = self.times.copy(), dict(self.sums)
        try:
            with who.at(now) as work:
                yield work
        except Refused as refusal:
            self.times, self.sums = times, sums
            self.refusals[refusal.code] += 1

    def _done(
        self, what: str, who: Player, amount: Decimal | None = None, currency: str = ""
    ) -> None:
        done = Done(what, who.role, currency)
        self.times[done] += 1
        if amount is not None:
            self.sums[done] = self.sums.get(done, Decimal(0)) + amount


def _over(mine: Purchase) -> bool:
    over = {BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired}
    return mine.status in over or (mine.status is BookingStatus.approved and not mine.remaining)
