"""A database with a row in every table, to which each test does what the database must refuse."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import URL, Connection, Engine, Table, create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import box
from core.db import broken_constraint, uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work, clock
from models.accounts import AccountMail
from models.aml import AmlLimit
from models.autopay import Autopay
from models.bank_statements import BankAccount, BankLine, BankRule
from models.billing import PaymentMethod
from models.bills import Every
from models.bookings import InstalmentPlan
from models.builder import Import, ImportRow, SavedView
from models.chart import BANK, DEPOSITS_HELD, RENTAL_INCOME, TAX_PAYABLE, TRUST
from models.dunning import LateFeeKind, LateFeeRule, ReminderStep
from models.estate import Block, Estate, Occupancy, OccupancyRole, Ownership, Unit, UnitType
from models.events import Delivery, Event, IdempotencyKey, ScheduledRun
from models.files import Comment, Document, DocumentUse, Follower
from models.inspections import Condition, Inspection, InspectionKind, InspectionTemplate
from models.lease_papers import LeaseTemplate
from models.leasing import Guideline, Lease
from models.ledger import Account, Entry
from models.notices import Channel as By
from models.notices import Dispatch, Notification
from models.onboarding import Identifier
from models.organizations import Membership, Profile
from models.paper_styles import PaperKind, PaperStyle
from models.payments import ProviderEvent
from models.rents import LeaseExtra, PriceIndex
from models.sales import Apartment, Project
from models.scheduled_bills import Mode
from models.signing import SignatureCode
from models.taxes import Tax, TaxRate
from models.wallet_orders import Channel, Order, OrderKind
from models.wallets import WalletPin
from services import (
    accounts,
    activations,
    aml,
    autopay,
    bank_matching,
    bank_statements,
    bank_suggestions,
    bill_runs,
    billing,
    booking_ends,
    bookings,
    chains,
    cheques,
    choices,
    contacts,
    credit,
    credit_notes,
    disputes,
    estate,
    files,
    holds,
    identifiers,
    inspections,
    instalments,
    late_fees,
    lease_papers,
    leasing,
    ledger,
    onboarding,
    organizations,
    outside,
    passwords,
    payments,
    periods,
    refunds,
    reminders,
    rent_runs,
    sagas,
    saved_ways,
    scheduled_bills,
    signing,
    taxes,
    top_ups,
    wallet_orders,
    wallets,
)
from services.bank_statements import File, Movement
from services.disputes import Said
from services.files import Kept
from services.inspections import Found
from services.ledger import Leg, Recipe
from services.payments import Part
from services.scheduled_bills import Wish
from services.signing import Asked
from tests import database, make
from tests import onboarding as applicants

Do = Callable[..., str | None]


@pytest.fixture(scope="session")
def filled(admin_url: URL) -> Iterator[Engine]:
    """The database, as its superuser: past the policies, not past the rules."""
    with database.cloned(
        admin_url, f"makao_filled_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    ) as settings:
        engine = create_engine(settings["OWNER_DATABASE_URI"])
        if not box._keys:  # no application has set them in this process
            box.use_keys("tests-only")
        with Session(engine) as session:
            fill(session)
        yield engine
        engine.dispose()


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    with filled.connect() as connection, connection.begin() as transaction:
        yield connection
        with suppress(Exception):
            transaction.rollback()


@pytest.fixture
def refused(connection: Connection) -> Do:
    """Run a statement; gives the name of the constraint that refused it, or None."""

    def do(statement: str, **given: object) -> str | None:
        try:
            connection.execute(text(statement), given)
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        except IntegrityError as error:
            return broken_constraint(error)
        return None

    return do


def duplicate(table: Table, where: str = "true", **other: str) -> str:
    """Write the statement that copies a row under a new id, with `other` values (SQL)."""
    given = {"id": "gen_random_uuid()"} | other
    columns = [each.name for each in table.columns if each.computed is None]
    values = ", ".join(given.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" WHERE {where} LIMIT 1'  # noqa: S608


def fill(session: Session) -> UUID:
    """Put at least one row into every table; returns the organization."""
    home = make.organization(session)
    profile_id = make.user(session)
    make.key(session, profile_id)
    passwords.open_link(session, profile_id, clock(), mailed=True)
    passwords.ask(session, "somebody@example.org", clock())
    name = session.scalars(select(User.username)).first()
    accounts.appoint(session, str(name), clock(), "test:1")
    mine = session.get_one(Profile, profile_id)
    mine.email_confirmed_at = clock()
    mine.phone = "+254712345678"
    session.flush()
    contacts.ask(session, profile_id, By.sms, clock())
    sent = session.scalars(select(AccountMail).order_by(AccountMail.id.desc())).first()
    assert sent
    code = contacts.make(session, sent)
    contacts.confirm(session, profile_id, By.sms, code, clock(), but=profile_id)
    outside.enter(session, "x", "x", mine.email, clock(), verified=True)
    with seeing(session, Scope(home, profile_id=profile_id, actor="test:1")):
        work = Work(session, Actor("test", "1"))
        member = make.member(work, profile_id, "Admin")
        _sell(work)
        _keep_books(work, make.party(work).id)
        _let(work, make.party(work).id)
        _remind_and_charge(work, make.party(work).id)
        _tax_and_credit(work, make.party(work).id)
        _chargeback(work, make.party(work).id)
        _match_bank(work, make.party(work).id)
        _onboard(work)
        _keep_house(work, member)
        _gather_signatures(work, member)
        session.commit()
        chains.seal(work)
        session.commit()
    return home


def _sell(work: Work) -> None:
    """Bookings held, under way, under review, sold, and cancelled before and after a payment."""
    estate = make.project(work)
    package = make.package(work, estate)
    extra = make.addon(work, make.category(work, estate, max_units=5))
    plan = _plan(work, estate)
    customer, _another = make.party(work).id, make.party(work)
    bought = []
    for _ in range(6):
        flat = make.apartment(work, estate, packages=[package], addons=[extra])
        booking = bookings.hold(work, flat.id, customer)
        choices.choose_package(work, booking.id, package.id)
        choices.choose_addons(work, booking.id, {extra.id: 1})
        bought.append(booking)
    _held, going, sold, cancelled, given_up, reviewed = bought
    choices.choose_payment(work, going.id, PaymentMethod.card, plan.id)
    for each in (going, sold, cancelled, given_up, reviewed):
        bookings.confirm(work, each.id)
    bookings.submit(work, reviewed.id)
    first = instalments.links(work, going.id)[0].invoice_id
    asked = payments.begin(work, [Part(first)], PaymentMethod.card)
    asked.reference, asked.notice_hash = f"ref-{asked.id}", asked.id.bytes
    _hear(work, asked.id)
    _pay(work, sold.id)
    bookings.submit(work, sold.id)
    bookings.approve(work, sold.id)
    booking_ends.settle(work, sold.id)
    intent_id = _pay(work, cancelled.id)
    back = refunds.request(work, intent_id, cancelled.total / 2, "once", "too much")
    back.notice_hash = back.id.bytes
    said = Said(f"dp_{asked.id}", "open", Decimal(1), asked.currency, "fraudulent")
    disputes.take_up(work, asked.id, said)
    for each in (cancelled, given_up):
        booking_ends.cancel(work, each.id, "changed their mind")
    entry_id = work.session.scalars(select(Entry.id).limit(1)).one()
    ledger.reverse(work, entry_id, "once", "a mistake")


def _keep_books(work: Work, customer: UUID) -> None:
    """Close a period, and set money aside that is kept for a customer."""
    book_id = ledger.book_called(work, TRUST)
    legs = [Leg(BANK, Decimal(500)), Leg(DEPOSITS_HELD, Decimal(-500), customer)]
    recipe = Recipe("deposit", "A deposit", "party", customer, "KES", legs, book=TRUST)
    ledger.post(work, recipe)
    account = work.session.scalars(
        select(Account).where(Account.code == DEPOSITS_HELD, Account.party_id == customer)
    ).one()
    ledger.guard(work, account.id, Decimal(1000))
    holds.place(work, account.id, Decimal(5), "once", work.now + timedelta(days=1))
    _keep_wallets(work, customer)
    periods.close(work, book_id, ledger.business_date(work) - timedelta(days=1))


def _let(work: Work, party_id: UUID) -> None:
    """A unit with an owner and an occupant, who is asked for money about it."""
    place = make.estate(work)
    block = Block(organization_id=place.organization_id, estate_id=place.id, name="x")
    work.session.add(block)
    work.session.flush()
    unit = make.unit(work, place, block_id=block.id)
    unit.apartment_id = work.session.scalars(select(Apartment.id).limit(1)).one()
    since = ledger.business_date(work)
    estate.own(work, Ownership(unit_id=unit.id, party_id=party_id, since=since))
    row = Occupancy(unit_id=unit.id, party_id=party_id, since=since)
    row.role = OccupancyRole.owner_occupier
    estate.move_in(work, row)
    _lease(work, place)
    bill = make.bill(work, place, first_on=since)
    bill_runs.issue(work, bill_runs.plan(work, bill.id, since).id)
    line = billing.Line("x", Decimal(70), RENTAL_INCOME)
    invoice = billing.draft(work, party_id, "KES", "x", [line], unit_id=unit.id)
    billing.issue(work, invoice.id)


def _lease(work: Work, place: Estate) -> None:
    """A lease that waits for signatures, a draft, and what both stay within."""
    home = work.scope.home()
    bounds = {"organization_id": home, "estate_id": place.id, "min_rent": Decimal(1)}
    single = make.unit(work, place).id
    for about in ({}, {"unit_type": UnitType.shop}, {"unit_id": single}):
        work.session.add(Guideline(**bounds | about))
    work.session.flush()
    sent = make.lease(work, make.unit(work, place).id)
    for of in (place.id, None):
        text_ = LeaseTemplate(organization_id=home, name="x", estate_id=of, wording="# A\n{rent}")
        work.session.add(text_)
    work.session.flush()
    lease_papers.keep(work, sent.id, Kept("x.pdf", "application/pdf", "lease", "x", 9))
    leasing.send_for_signature(work, sent.id)
    let = make.lease(work, make.unit(work, place).id)
    _activate(work, let)
    _inspect(work, let)
    make.lease(work, make.unit(work, place).id)
    rule = LateFeeRule(organization_id=home, name="x", currency="KES", kind=LateFeeKind.fixed)
    rule.amount, rule.lease_id = Decimal(5), sent.id
    work.session.add(rule)
    line = billing.Line("x", Decimal(70), RENTAL_INCOME)
    billing.draft(work, sent.party_id, "KES", "x", [line], lease_id=sent.id)


def _inspect(work: Work, let: Lease) -> None:
    """An inspection that is signed off, with a picture, one that is being written, and lists."""
    for unit_type in (None, UnitType.shop):
        rooms = InspectionTemplate(organization_id=work.scope.home(), name="x", rooms="# A\nb")
        rooms.unit_type = unit_type
        work.session.add(rooms)
    work.session.flush()
    for kind in (InspectionKind.move_out, InspectionKind.move_in):
        row = Inspection(lease_id=let.id, kind=kind, inspector="x")
        row.inspected_on = work.now.date() - timedelta(days=1)
        inspections.begin(work, row)
        for each in inspections.items(work, row.id):
            shot = Kept("x.png", "image/png", f"{kind}", "x", 9)
            files.attach(work, "inspection_item", each.id, shot)
    done = {each.id: Found(Condition.good, "x", None) for each in inspections.items(work, row.id)}
    inspections.fill(work, row.id, done)
    inspections.sign_off(work, row.id)


def _onboard(work: Work) -> None:
    """Somebody who applied and was approved, and somebody who still writes."""
    done = applicants.handed_in(work)
    applicants.checked(work, done, "passed", "passed")
    onboarding.approve(work, done)
    applicants.go_on(work, done)
    applicants.begun(work)
    applicants.handed_in(work, email="another@mail.example", identity="34567890")
    limit = AmlLimit(organization_id=work.scope.home(), currency="KES", single=Decimal(5))
    work.session.add(limit)
    work.session.flush()
    aml.moved(work, make.party(work).id, uuid7(), Decimal(6), "KES", work.now)
    number = work.session.scalars(select(Identifier.id).limit(1)).one()
    identifiers.reveal(work, number)


def _activate(work: Work, lease: Lease) -> None:
    """An active lease with something beside its rent, of which a month was asked for by a run."""
    home = {"organization_id": lease.organization_id}
    leasing.send_for_signature(work, lease.id)
    leasing.record_signed_on_paper(work, lease.id, work.now.date())
    beside = LeaseExtra(**home, lease_id=lease.id, title="x", amount=Decimal(5), since=lease.since)
    work.session.add_all(
        [beside, PriceIndex(**home, name="x", month_on=lease.since, value=Decimal(100))]
    )
    saga_id = activations.begin(work, lease.id)
    while sagas.advance(work, saga_id):
        pass
    assert lease.next_on
    place_id = work.session.get_one(Unit, lease.unit_id).estate_id
    cycle = rent_runs.run(work, place_id, lease.next_on)
    bill_runs.advance(work, cycle.id)


def _remind_and_charge(work: Work, customer: UUID) -> None:
    """Remind of an invoice that is late, and charge a fee on it."""
    home = work.scope.home()
    work.session.add(ReminderStep(organization_id=home, days=1, name="x", note=""))
    one = {"organization_id": home, "name": "x", "currency": "KES", "kind": LateFeeKind.fixed}
    place_id = work.session.scalars(select(Estate.id).limit(1)).one()
    for estate_id in (None, place_id):
        work.session.add(LateFeeRule(**one, amount=Decimal(5), estate_id=estate_id))
    line = billing.Line("x", Decimal(100), RENTAL_INCOME)
    invoice = billing.draft(work, customer, "KES", "x", [line])
    billing.issue(work, invoice.id, ledger.business_date(work) - timedelta(days=9))
    late_fees.charge(work, invoice.id)
    for pair in reminders.due(work):
        reminders.remind(work, *pair)


def _chargeback(work: Work, customer: UUID) -> None:
    """A payment that its payer's bank took back."""
    line = billing.Line("x", Decimal(100), RENTAL_INCOME)
    invoice = billing.issue(work, billing.draft(work, customer, "KES", "x", [line]).id)
    intent = payments.begin(work, [Part(invoice.id)], PaymentMethod.card)
    payments.settle(work, intent.id, payments.Outcome("succeeded"))
    disputes.take_up(
        work, intent.id, Said(f"dp_{intent.id}", "lost", Decimal(60), "KES", "fraudulent")
    )


def _tax_and_credit(work: Work, customer: UUID) -> None:
    """An invoice with tax that is taken back in part, and credit that pays another."""
    home, today = work.scope.home(), ledger.business_date(work)
    tax = Tax(organization_id=home, code="VAT", name="x", account=TAX_PAYABLE, included=False)
    tax.in_sales = True
    work.session.add(tax)
    work.session.flush()
    work.session.add_all(
        [
            TaxRate(organization_id=home, tax_id=tax.id, begins_on=today, percent=Decimal(16)),
            PaperStyle(organization_id=home, kind=PaperKind.invoice),
        ]
    )
    work.session.flush()
    line = billing.Line("x", Decimal(100), RENTAL_INCOME, levy=taxes.in_force(work, tax.id, today))
    first, second = (
        billing.issue(work, billing.draft(work, customer, "KES", "x", [line]).id) for _ in range(2)
    )
    credit_notes.write(work, first.id, Decimal(16), "x", once="x")
    payments.record(work, [Part(first.id)], PaymentMethod.cash)
    credit_notes.write(work, first.id, Decimal(20), "x")
    credit.use(work, second.id, Decimal(5), once="x")
    file = {"title": "x", "content_type": "x", "storage_key": "x", "sha256": "x", "size": 1}
    about = {"subject_table": "invoice", "subject_id": first.id, "use": DocumentUse.invoice}
    paper = Document(id=uuid7(), organization_id=home, **file, **about)
    work.session.add(paper)
    work.session.flush()
    work.session.add(
        Dispatch(
            organization_id=home,
            document_id=paper.id,
            channel=By.email,
            address="x",
            due_at=work.now,
        )
    )


def _match_bank(work: Work, customer: UUID) -> None:
    """A statement with lines that are booked by invoice and by rule, and a cheque in hand."""
    home, today = work.scope.home(), ledger.business_date(work)
    rent = billing.Line("x", Decimal(10), RENTAL_INCOME)
    by_cheque = billing.issue(work, billing.draft(work, customer, "KES", "x", [rent]).id)
    cheques.receive(work, [Part(by_cheque.id)], "1", "x", today)
    account = BankAccount(
        organization_id=home,
        name="x",
        book_id=ledger.book_called(work),
        code=BANK,
        currency="KES",
        columns={},
    )
    rule = BankRule(
        organization_id=home,
        name="x",
        pattern="fee",
        code="5820",
        least=Decimal(1),
        most=Decimal(9),
    )
    work.session.add_all([account, rule])
    line = billing.Line("x", Decimal(100), RENTAL_INCOME)
    asked = billing.issue(work, billing.draft(work, customer, "KES", "x", [line]).id)
    moved = [
        Movement(today, Decimal(100), "x", asked.number or "", "", "1"),
        Movement(today, Decimal(-5), "", "", "fee", "2"),
        Movement(today, Decimal(7), "", "", "?", "3"),
    ]
    file = File("x", "x", moved, "KES", Decimal(0), Decimal(102))
    work.session.flush()
    bank_statements.take_in(work, account.id, file)
    bank_suggestions.suggest(work, account.id, "KES")
    for each in work.session.scalars(select(BankLine).where(BankLine.suggestion != "")).all():
        bank_matching.accept(work, each.id)


def _keep_wallets(work: Work, customer: UUID) -> None:
    """A wallet with a PIN, filled, from which something is to be paid out."""
    wallet = wallets.open_for(work, customer)
    filled = top_ups.begin(work, wallet.id, Decimal(900), PaymentMethod.bank_transfer, key="x")
    payments.settle(work, filled.id, payments.Outcome("succeeded", Decimal(900), "KES"))
    order = Order(
        organization_id=work.scope.home(),
        wallet_id=wallet.id,
        kind=OrderKind.withdrawal,
        amount=Decimal(100),
        currency="KES",
        key="x",
        channel=Channel.bank,
        notice_hash=wallet.id.bytes,
        created_at=work.now,
    )
    pin = {"salt": b"x", "digest": b"x", "set_at": work.now}
    work.session.add_all(
        [
            order,
            WalletPin(
                organization_id=work.scope.home(),
                wallet_id=wallet.id,
                profile_id=work.scope.profile_id,
                **pin,
            ),
        ]
    )
    work.session.flush()
    wallet_orders.carry_out(work, order.id)
    agreed = Autopay(
        organization_id=work.scope.home(),
        party_id=customer,
        wallet_id=wallet.id,
        currency="KES",
        most=Decimal(50),
        since=ledger.business_date(work),
    )
    work.session.add(agreed)
    line = billing.Line("x", Decimal(9), RENTAL_INCOME)
    asked = billing.draft(work, customer, "KES", "x", [line])
    billing.issue(work, asked.id, ledger.business_date(work))
    autopay.pay(work, agreed.id, asked.id)
    _schedule_bills(work, wallet.id)
    profile_id = work.session.scalars(select(Membership.profile_id)).first()
    assert profile_id
    _save_cards(work, profile_id)


def _save_cards(work: Work, profile_id: UUID) -> None:
    """A card that was saved with a payment, pays an invoice by itself, and one that was removed."""
    customer = make.party(work).id
    line = billing.Line("x", Decimal(9), RENTAL_INCOME)
    for token in ("cus_1 pm_1", "cus_2 pm_2"):
        asked = billing.draft(work, customer, "KES", "x", [line])
        billing.issue(work, asked.id, ledger.business_date(work))
        part = payments.Part(asked.id)
        paid = payments.begin(
            work, [part], PaymentMethod.card, provider="stripe", saves=True, again=True
        )
        paid.recorded_by_id = profile_id
        payments.settle(work, paid.id, payments.Outcome("succeeded"))
        card = saved_ways.Card(token, "x", "Visa", "4242", None)
        way = saved_ways.keep(work, paid.id, card)
    assert way
    terms = {"currency": "KES", "since": ledger.business_date(work), "agreed_by_id": profile_id}
    agreed = Autopay(
        organization_id=way.organization_id, party_id=customer, saved_way_id=way.id, **terms
    )
    work.session.add(agreed)
    asked = billing.draft(work, customer, "KES", "x", [line])
    billing.issue(work, asked.id, ledger.business_date(work))
    autopay.pay(work, agreed.id, asked.id)


def _schedule_bills(work: Work, wallet_id: UUID) -> None:
    """A bill of one's own that is being paid, another that waits, and what is done by itself."""
    today = ledger.business_date(work)
    for mode in (Mode.pay, Mode.ask):
        wish = Wish(
            *("x", Decimal(9), "x", "", Channel.mobile_money, "", "254700", Every.week),
            *(today, mode, [1]),
        )
        scheduled_bills.add(work, wallet_id, wish)
    scheduled_bills.write_down(work)
    for payment_id in scheduled_bills.due(work):
        scheduled_bills.look_after(work, payment_id)
    scheduled_bills.configure(work, Mode.ask, [1], push=False)


def _gather_signatures(work: Work, member: Membership) -> None:
    """A document that somebody is to sign, who has had a code sent."""
    file = {"title": "x", "content_type": "application/pdf", "storage_key": "x", "sha256": "x"}
    about = {"subject_table": "membership", "subject_id": member.id}
    document = Document(id=uuid7(), organization_id=work.scope.home(), size=1, **file, **about)
    work.session.add(document)
    work.session.flush()
    asked = [Asked(profile_id=member.profile_id)]
    until = work.now + timedelta(days=9)
    request = signing.ask(work, ("membership", member.id), document.id, "x", asked, until)
    one = {"organization_id": work.scope.home(), "profile_id": member.profile_id}
    code = {"salt": b"x", "digest": b"x", "made_at": work.now, "expires_at": work.now}
    signer = signing.of(work, request.id)[0]
    work.session.add(SignatureCode(id=uuid7(), signer_id=signer.id, **one, **code))


def _plan(work: Work, estate: Project) -> InstalmentPlan:
    plan = InstalmentPlan(
        id=uuid7(), organization_id=work.scope.home(), project_id=estate.id, name="Halves"
    )
    work.session.add(plan)
    work.session.flush()
    instalments.set_steps(work, plan.id, instalments.read_steps("50 now\n50 at Handover"))
    return plan


def _pay(work: Work, booking_id: UUID) -> UUID:
    invoice_id = instalments.links(work, booking_id)[0].invoice_id
    return payments.record(work, [Part(invoice_id)], PaymentMethod.cash).id


def _hear(work: Work, intent_id: UUID) -> None:
    work.session.add(
        ProviderEvent(
            organization_id=work.scope.home(),
            provider="card",
            event_id=f"evt-{intent_id}",
            intent_id=intent_id,
            type="x",
            body={},
            received_at=work.now,
        )
    )


def _keep_house(work: Work, member: Membership) -> None:
    """What is kept beside the business: files, comments, notices, imports, deliveries."""
    home, session, profile_id = work.scope.home(), work.session, member.profile_id
    one = {"organization_id": home}
    organizations.change_setting(work, "invoice.due_days", 9)
    organizations.invite(work, "grace@example.com", ["Sales"])
    fact = session.query(Event).limit(1).one()
    about = {"subject_table": "event", "subject_id": fact.id}
    file = {"title": "x", "content_type": "x", "storage_key": "x", "sha256": "x", "size": 1}
    told = Notification(id=uuid7(), profile_id=profile_id, once="x", message="x", **one)
    counts = dict.fromkeys(("rows", "valid", "rejected", "created", "updated", "unchanged"), 0)
    run = Import(id=uuid7(), kind="sales", file_name="x", mapping={}, counts=counts, **one)
    session.add_all([told, run])
    session.flush()
    session.add_all(
        [
            Document(**about, **file, **one),
            Comment(**about, author_id=member.id, author_name="x", body="x", **one),
            Follower(**about, profile_id=profile_id, **one),
            Dispatch(
                notification_id=told.id,
                channel=By.email,
                address="x",
                due_at=work.now,
                **one,
            ),
            ImportRow(import_id=run.id, sheet="x", line=1, cells={}, **one),
            SavedView(screen="booking", profile_id=profile_id, name="x", query={}, **one),
            IdempotencyKey(
                profile_id=profile_id, key="x", request_hash=b"x", created_at=work.now, **one
            ),
            Delivery(
                event_id=fact.id,
                subject_id=fact.subject_id,
                subscriber="x",
                due_at=work.now,
                **one,
            ),
            ScheduledRun(
                schedule=f"x-{member.id}", due_at=work.now + timedelta(days=1), started_at=work.now
            ),
        ]
    )
