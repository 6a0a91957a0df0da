"""The demo: made through the services with a moved clock, so that its history is a real one.

`flask demo load` refuses to load over real data, `flask demo reset` takes away demo data only.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import click
from flask import current_app
from sqlalchemy import delete, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core import db
from core.db import uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work, clock
from models.accounts import AccountMail
from models.dunning import LateFeeKind, LateFeeRule, ReminderStep
from models.events import Event, Outbox
from models.notices import Channel
from models.organizations import Membership, Organization
from models.sales import (
    Addon,
    AddonCategory,
    Apartment,
    ApartmentType,
    Package,
    PackageLevel,
    Project,
)
from services import accounts, contacts, organizations, people, sales, sign_in
from services.sales import Floors
from workers import demo_bank, demo_billing, demo_onboarding, demo_wallets
from workers import demo_cast as cast
from workers.demo_estate import Court
from workers.demo_leases import Letting
from workers.demo_story import Story

HALF, WHOLE = {"demo": "half"}, {"demo": "whole"}
"""How an organization of the demo is marked; what a killed load left half is taken away."""
MONTHS = timedelta(days=548)
HEARD = timedelta(days=2)
"""Facts older than this were heard of long ago: nobody is told of them now."""


@click.group()
def demo() -> None:
    """Load, or take away, data to try everything with."""


@demo.command()
@click.option("--if-empty", is_flag=True, help="Do nothing where there is an organization already.")
def load(*, if_empty: bool) -> None:
    """Make two organizations with projects, bookings and sign-ins."""
    password = current_app.config["DEMO_PASSWORD"]
    if not password:
        raise click.ClickException("Set MAKAO_DEMO=1: there is no demo password otherwise.")
    db.use(current_app, "jobs")
    marks = _marks()
    if marks and set(marks.values()) != {"whole"} and all(marks.values()):
        click.echo("An earlier load was cut off; beginning anew.")
        _take_away()
    elif marks:
        if if_empty:
            return
        raise click.ClickException("There are organizations already; a demo goes into none.")
    random_ = random.Random(7)  # noqa: S311  # the same demo each time
    for company in cast.COMPANIES:
        _found(company, password, random_)
        click.echo(f"{company.name}: {company.bookings} bookings")
    _appoint(password)


@demo.command()
def reset() -> None:
    """Take away all data of the demo; refuses where there is any other organization."""
    if real := [name for name, mark in _marks().items() if not mark]:
        raise click.ClickException(f"{', '.join(real)} is no demo. Nothing was taken away.")
    _take_away()
    click.echo("The demo is gone. `flask demo load` makes it anew.")


def _owner() -> Session:
    return Session(current_app.extensions["engines"]["owner"])


def _marks() -> dict[str, str | None]:
    """Map each organization to its mark of the demo, if it has one."""
    with _owner() as session:
        try:
            rows = session.execute(text("SELECT name, custom ->> 'demo' AS mark FROM organization"))
            return {row.name: row.mark for row in rows}
        except ProgrammingError as error:
            raise click.ClickException("Run `flask prepare` first: there are no tables.") from error


def _take_away() -> None:
    """Empty every table but what `flask prepare` has filled."""
    with _owner() as session:
        tables = session.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'r' AND relname NOT IN ('alembic_version', 'ab_role',"
                " 'ab_permission', 'ab_view_menu', 'ab_permission_view', 'ab_permission_view_role')"
            )
        ).all()
        for name in tables:
            session.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
        session.execute(text("TRUNCATE {}".format(", ".join(f'"{name}"' for name in tables))))
        for name in tables:
            session.execute(text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))
        session.commit()


@dataclass
class Stage:
    """Where the demo plays: one organization, whose clock is moved at will."""

    home: UUID
    actor: str = "job:demo"
    profile_id: UUID | None = None

    @contextmanager
    def at(self, instant: datetime) -> Iterator[Work]:
        """Work at another instant, in a transaction of its own."""
        scope = Scope(self.home, profile_id=self.profile_id, actor=self.actor)
        with db.session.session_factory() as session, seeing(session, scope):
            kind, _, name = self.actor.partition(":")
            yield Work(session, Actor(kind, name), now=instant, source="demo")
            session.commit()


def _found(company: cast.Company, password: str, random_: random.Random) -> None:
    began = clock() - MONTHS
    profiles = _people(company, password)
    with db.session.session_factory() as session, seeing(session, Scope(actor="job:demo")):
        work = Work(session, Actor("job", "demo"), now=began)
        home = organizations.found(work, company.name, company.slug, profiles["admin"])
        scope = Scope(home, actor="job:demo")
        with seeing(session, scope):
            _describe(Work(session, Actor("job", "demo"), scope, began), company)
            session.commit()
    stage = Stage(home, profile_id=profiles["admin"])
    with stage.at(began) as work:
        parties = _members(work, company, profiles)
        tax_id = demo_billing.tax(work)
        for number, site in enumerate(company.sites):
            _build(work, site, company.currency, None if number else tax_id)
    Story(stage.at, random_, parties["buyer"], profiles).play(company, began)
    Court(stage.at, random_, company.currency, parties["owner"], parties["resident"]).play()
    Letting(stage.at, random_, company.currency).play()
    kept = demo_wallets.play(stage.at, parties["buyer"], parties["resident"])
    for login, wallet_id in zip(("buyer", "resident"), kept, strict=True):
        demo_wallets.choose_pin(profiles[login], wallet_id, password)
    demo_billing.play(stage.at, parties["resident"], company.currency, tax_id)
    demo_bank.play(stage.at, parties["resident"], company.currency)
    demo_onboarding.play(stage.at, company.currency)
    with stage.at(clock()) as work:
        organizations.home(work).custom = WHOLE
        old = select(Event.id).where(Event.happened_at < work.now - HEARD)
        work.session.execute(delete(Outbox).where(Outbox.id.in_(old)))


def _people(company: cast.Company, password: str) -> dict[str, UUID]:
    """Register the sign-ins; all of one demo have one password."""
    door = db.door()
    made = {}
    for login, (name, _role) in cast.SIGN_INS.items():
        username = f"{login}{company.suffix}"
        email = f"{username}@{company.slug}.example"
        known = sign_in.register(door, username, name, email, password, confirmed_at=clock())
        made[login] = known.id
        known.phone = cast.phone(company, login)
    door.commit()
    for login in set(made) - cast.UNCONFIRMED:
        _confirm_phone(made[login])
    return made


def _confirm_phone(profile_id: UUID) -> None:
    """Give the code as its owner would, and have no text of it sent."""
    door = db.door()
    contacts.ask(door, profile_id, Channel.sms, clock())
    text = door.scalars(select(AccountMail).where(AccountMail.profile_id == profile_id)).one()
    code = contacts.make(door, text)
    contacts.confirm(door, profile_id, Channel.sms, code, clock(), but=profile_id)
    door.delete(text)
    door.commit()


def _appoint(password: str) -> None:
    """Register whoever runs the platform: a member of no organization."""
    login, name = cast.PLATFORM
    sign_in.register(db.door(), login, name, f"{login}@makao.example", password)
    db.door().commit()
    with _owner() as owner:
        accounts.appoint(owner, login, clock(), "job:demo")
        owner.commit()


def _describe(work: Work, company: cast.Company) -> None:
    row = work.session.scalars(select(Organization)).one()
    row.currency, row.time_zone, row.address = company.currency, company.time_zone, company.address
    row.email, row.phone, row.custom = company.email, company.phone, HALF
    organizations.change_setting(work, "bank.details", company.bank)
    organizations.change_setting(work, "security.two_factor_for_money", value=False)
    home = work.scope.home()
    work.session.add_all(
        ReminderStep(organization_id=home, days=days, name=name, note="")
        for days, name in cast.REMINDERS
    )
    fee = LateFeeRule(
        organization_id=home,
        name="Late payment",
        currency=company.currency,
        kind=LateFeeKind.percent,
        percent=Decimal(2),
        grace_days=7,
        cap_percent=Decimal(10),
        active=False,  # so that the story's invoices stay as they are told
    )
    work.session.add(fee)
    work.session.flush()


def _members(work: Work, company: cast.Company, profiles: dict[str, UUID]) -> dict[str, UUID]:
    parties = {}
    for login, (name, role) in cast.SIGN_INS.items():
        if login in cast.WITH_PARTY:
            email = f"{login}{company.suffix}@{company.slug}.example"
            parties[login] = people.add(work, name, email=email, phone=company.phone).id
        if login == "admin":
            continue
        work.session.add(
            Membership(
                id=uuid7(),
                organization_id=work.scope.home(),
                profile_id=profiles[login],
                roles=[role],
                party_id=parties.get(login),
                created_at=work.now,
                custom={},
            )
        )
    work.session.flush()
    return parties


def _build(work: Work, site: cast.Site, currency: str, tax_id: UUID | None) -> None:
    home = work.scope.home()
    project = sales.add_project(
        work,
        Project(
            name=site.name,
            location=site.location,
            latitude=site.latitude,
            longitude=site.longitude,
            amenities=list(site.amenities),
            description=site.description,
            currency=currency,
            tax_id=tax_id,
            created_at=work.now,
        ),
    )
    packages = [_package(work, project, name, price) for name, price in site.packages]
    limits = dict(site.limits)
    kinds = {name: AddonCategory(name=name, max_units=most) for name, most in limits.items()}
    for kind in kinds.values():
        kind.id, kind.organization_id, kind.project_id = uuid7(), home, project.id
        work.session.add(kind)
    work.session.flush()
    addons = [
        Addon(
            id=uuid7(),
            organization_id=home,
            project_id=project.id,
            category_id=kinds[kind].id,
            name=name,
            price_per_unit=price,
            max_units=most,
        )
        for name, kind, price, most in site.addons
    ]
    work.session.add_all(addons)
    work.session.flush()
    Story.plans(work, project)
    _generate(work, site, project, packages, addons)


def _generate(
    work: Work,
    site: cast.Site,
    project: Project,
    packages: list[Package],
    addons: list[Addon],
) -> None:
    share = cast.PER_FLOOR[site.name] // len(site.layouts)
    for number, layout in enumerate(site.layouts):
        template = _template(work, project, layout)
        sales.set_packages(work, template.id, [each.id for each in packages])
        sales.set_addons(work, template.id, [each.id for each in addons])
        for block in site.blocks:
            floors = Floors(block, 1, site.floors, share, Decimal("0.75"), 1 + number * share)
            sales.generate(work, template.id, floors)


def _package(work: Work, project: Project, name: str, price: Decimal) -> Package:
    level = work.session.scalar(select(PackageLevel).where(PackageLevel.name == name))
    if level is None:
        position = ["Silver", "Golden", "Platinum"].index(name)
        level = PackageLevel(id=uuid7(), name=name, position=position)
        level.organization_id = work.scope.home()
        work.session.add(level)
        work.session.flush()
    package = Package(id=uuid7(), project_id=project.id, level_id=level.id, name=name, price=price)
    package.organization_id = work.scope.home()
    work.session.add(package)
    work.session.flush()
    return package


def _template(work: Work, project: Project, layout: cast.Layout) -> Apartment:
    return sales.add_apartment(
        work,
        Apartment(
            project_id=project.id,
            type=ApartmentType.template,
            name=f"Template: {layout.name}",
            layout=layout.name,
            view=layout.view,
            area=layout.area,
            base_price=layout.price,
            currency=project.currency,
            description=f"{layout.name}, facing the {layout.view.lower()}.",
            created_at=work.now,
        ),
    )
