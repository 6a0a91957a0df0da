"""A town for the portal: an organization with something to sell, and people who want it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import db
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.bookings import InstalmentPlan, InstalmentStep
from models.sales import Addon, Apartment, Package, Project
from tests import make

SLUG = "acacia-homes"


@dataclass
class Browser:
    """A browser of somebody, or of a visitor."""

    client: FlaskClient
    profile_id: UUID | None = None
    party_id: UUID | None = None
    key: str = ""

    def get(self, address: str, **given: Any) -> TestResponse:
        return self.client.get(address, buffered=True, **given)

    def post(self, address: str, **given: Any) -> TestResponse:
        return self.client.post(address, data=given)

    def changes(self, address: str, **given: Any) -> str:
        """Send what a script sends when a field of a step changes."""
        answer = self.client.post(address, data=given, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return text(answer)

    def hold(self, apartment: UUID) -> str:
        """Hold an apartment; gives the address of the booking."""
        answer = self.post(f"/portal/apartments/{apartment}/hold")
        assert answer.status_code == 302, text(answer)
        return str(answer.location)


@dataclass
class Town:
    """What is there to sell; ids only, as rows belong to the session that made them."""

    app: Flask
    home: UUID
    project: UUID
    plan: UUID
    apartment: UUID
    other: UUID
    golden: UUID
    silver: UUID
    cooling: UUID
    lighting: UUID
    hidden: dict[str, UUID]

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def member(self, *roles: str, party: bool = True) -> Browser:
        """Let somebody in with these roles, signed in."""
        with self.jobs() as work:
            party_id = make.party(work).id if party else None
            profile_id = make.user(db.door())
            make.member(work, profile_id, *roles, party_id=party_id)
            key = make.key(db.door(), profile_id)
        client = self.app.test_client()
        client.set_cookie("makao", f"k.{key}")
        return Browser(client, profile_id, party_id, key)

    def buyer(self) -> Browser:
        return self.member("Buyer")

    @contextmanager
    def jobs(self, *, at: Any = None) -> Iterator[Work]:
        """Work as a machine of the organization, and commit."""
        db.use(self.app, "jobs")
        with self.app.app_context():
            session = db.session()
            with seeing(session, Scope(self.home, actor="test:1")):
                work = Work(session, Actor("test", "1"))
                yield work.at(at) if at else work
                session.commit()
        db.use(self.app, "web")


@pytest.fixture
def town(app: Flask, wiped: None) -> Town:
    app.extensions["ring"] = lambda *_given, **_named: None  # no worker is there to hear it
    with app.app_context():
        db.use(app, "jobs")
        home = make.organization(db.session(), "Acacia Homes")
    empty = UUID(int=0)
    made = Town(app, home, empty, empty, empty, empty, empty, empty, empty, empty, {})
    with made.jobs() as work:
        _build(work, made)
    return made


def _build(work: Work, town: Town) -> None:
    project = make.project(
        work,
        name="Acacia Heights",
        hold_minutes=30,
        latitude=Decimal("-1.29"),
        longitude=Decimal("36.78"),
    )
    silver = make.package(work, project, name="Silver", price=Decimal(0))
    golden = make.package(work, project, name="Golden", price=Decimal(1250000))
    air = make.category(work, project, name="Air conditioning", max_units=4)
    cooling = make.addon(work, air, name="Cooling", price_per_unit=Decimal("98500.50"), max_units=3)
    lighting = make.addon(work, air, name="Fans", price_per_unit=Decimal(12750), max_units=10)
    first, second = (_apartment(work, project, name, silver, golden, cooling, lighting)
                     for name in ("A0101", "A0201"))  # fmt: skip
    town.hidden = _hidden(work, project)
    plan = InstalmentPlan(organization_id=town.home, project_id=project.id, name="Thirds")
    work.session.add(plan)
    work.session.flush()
    for position, (percent, days) in enumerate((("33.33", 0), ("33.33", 30), ("33.34", None)), 1):
        step = InstalmentStep(
            organization_id=town.home,
            plan_id=plan.id,
            position=position,
            percent=Decimal(percent),
            days=days,
            milestone="" if days is not None else "Handover",
        )
        work.session.add(step)
    town.project, town.plan = project.id, plan.id
    town.apartment, town.other = first.id, second.id
    town.silver, town.golden = silver.id, golden.id
    town.cooling, town.lighting = cooling.id, lighting.id


def _apartment(
    work: Work, project: Project, name: str, *choices: Package | Addon, **given: Any
) -> Apartment:
    packages = [each for each in choices if isinstance(each, Package)]
    addons = [each for each in choices if isinstance(each, Addon)]
    where = {"block": "A", "floor": int(name[1:3]), "layout": "2 bedroom", "view": "City"}
    return make.apartment(
        work, project, name=name, packages=packages, addons=addons, **where | given
    )


def _hidden(work: Work, project: Project) -> dict[str, UUID]:
    """Make what no visitor may find."""
    draft = make.project(work, name="Secret Gardens", published=False)
    return {
        "template": make.apartment(
            work, project, name="Pattern", type="template", status="template"
        ).id,
        "withdrawn": make.apartment(work, project, name="Kept back", status="withdrawn").id,
        "unpublished": make.apartment(work, draft, name="S0101").id,
    }


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def total_on(page: str) -> Decimal:
    """Read the running total as it stands on the page."""
    found = re.search(r'class="mk-sum-total">.*?mk-money">KES\s*([\d,.]+)<', page, re.DOTALL)
    assert found, page
    return Decimal(found.group(1).replace(",", ""))


@pytest.fixture
def confirmed(town: Town) -> Callable[..., tuple[Browser, str]]:
    """Let a new buyer book the apartment; gives their browser and the booking's address."""

    def book(apartment: UUID | None = None, plan: str = "") -> tuple[Browser, str]:
        buyer = town.buyer()
        address = buyer.hold(apartment or town.apartment)
        buyer.post(f"{address}package", package=town.golden)
        buyer.post(f"{address}payment", method="card", plan=plan)
        page = text(buyer.get(f"{address}review"))
        found = re.search(r'name="total" value="([^"]+)"', page)
        assert found, page
        assert buyer.post(f"{address}review", total=found.group(1)).status_code == 302
        return buyer, address

    return book
