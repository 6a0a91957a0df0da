from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

import models
from core import db
from core.db import Base, uuid7
from core.scope import OrganizationScoped, Scope, seeing
from core.work import Actor, Work
from models.billing import Invoice
from models.bookings import Booking
from models.events import AuditEntry, Event
from models.organizations import Credential, Membership, Organization, Profile, Setting
from models.people import Party
from models.sales import Apartment, Project
from models.signing import SignatureCode
from models.wallets import WalletPin
from services import bookings
from tests import make

assert models.__all__
UNREAD = (WalletPin, SignatureCode)
"""What only the functions of the database read."""
SCOPED = sorted(
    (each.class_ for each in Base.registry.mappers if issubclass(each.class_, OrganizationScoped)),
    key=lambda kind: kind.__name__,
)
Asking = Callable[..., AbstractContextManager[Session]]


class Place:
    """An organization with a project, an apartment, two buyers and a manager who can sign in."""

    def __init__(self, session: Session, door: Session) -> None:
        self.home = make.organization(session)
        with seeing(session, Scope(self.home, actor="test:1")):
            work = Work(session, Actor("test", "1"))
            project = make.project(work)
            package = make.package(work, project)
            self.flats = [make.apartment(work, project, packages=[package]).id for _ in range(2)]
            self.project = project.id
            self.parties = [make.party(work).id for _ in range(2)]
            session.commit()
            self.bookings = [
                bookings.hold(work, flat, party).id
                for flat, party in zip(self.flats, self.parties, strict=True)
            ]
            session.commit()
            manager, buyer = make.user(door), make.user(door)
            make.member(work, manager, "Manager")
            make.member(work, buyer, "Buyer", party_id=self.parties[0])
            self.profile = manager
            self.manager = make.key(door, manager)
            self.buyer = make.key(door, buyer)


@pytest.fixture
def places(session: Session) -> list[Place]:
    return [Place(session, db.door()) for _ in range(2)]


@pytest.fixture
def asking(app: Flask) -> Asking:
    """Open sessions of the web's role with a secret, the ORM's lock open unless said otherwise."""

    @contextmanager
    def ask(key: str, home: UUID | None, **scope: object) -> Iterator[Session]:
        told = Scope(home, key=key, **{"everywhere": True, **scope})  # type: ignore[arg-type]
        with Session(app.extensions["engines"]["web"]) as session, seeing(session, told):
            yield session

    return ask


@pytest.mark.req("S5.05", "S5.47", "S2.71")
def test_with_the_orm_lock_off_only_the_own_organization_is_seen(
    places: list[Place], asking: Asking
) -> None:
    mine, theirs = places
    with asking(mine.manager, mine.home) as session:
        assert set(session.scalars(select(Booking.id))) == set(mine.bookings)
        assert session.scalars(select(Organization.id)).all() == [mine.home]
        assert session.scalar(select(Booking.id).where(Booking.id == theirs.bookings[0])) is None
        assert session.scalar(text("SELECT count(*) FROM booking")) == 2


@pytest.mark.req("S5.47")
def test_with_the_database_lock_off_the_orm_shows_only_the_own(
    places: list[Place], app: Flask
) -> None:
    mine = places[0]
    with (
        Session(app.extensions["engines"]["owner"]) as session,
        seeing(session, Scope(mine.home)),
    ):
        assert set(session.scalars(select(Booking.id))) == set(mine.bookings)
        assert session.scalar(text("SELECT count(*) FROM booking")) == 4
        changed = update(Booking).values(reason="x").returning(Booking.id)
        assert set(session.scalars(changed)) == set(mine.bookings)
        session.rollback()


@pytest.mark.req("S5.47")
def test_one_statement_shows_each_organization_and_party_its_own(
    places: list[Place], app: Flask
) -> None:
    query = select(Booking.id)  # compiled once, and the filters are made once
    with Session(app.extensions["engines"]["owner"]) as session:
        for place in [*places, *places]:
            with seeing(session, Scope(place.home)):
                assert set(session.scalars(query)) == set(place.bookings)
                parties = {row.id: row.customer_id for row in session.scalars(select(Booking))}
            for booking, party in parties.items():
                with seeing(session, Scope(place.home, parties=frozenset({party}))):
                    assert session.scalars(query).all() == [booking]
            with seeing(session, Scope(place.home, parties=frozenset())):
                assert session.scalars(query).all() == []


@pytest.mark.req("S5.47")
@pytest.mark.parametrize(
    "kind", [each for each in SCOPED if each not in UNREAD], ids=lambda kind: kind.__name__
)
@pytest.mark.parametrize("key", ["", "made up"])
def test_without_a_known_secret_there_are_no_rows(
    asking: Asking, session: Session, kind: type[Base], key: str
) -> None:
    home = make.organization(session)
    with asking(key, home) as web:
        public = kind in (Organization, Project, Apartment)
        count = web.scalar(select(func.count()).select_from(kind))
        assert count == 0 or public


@pytest.mark.req("S5.47")
def test_somebody_elses_organization_is_only_a_wish(places: list[Place], asking: Asking) -> None:
    mine, theirs = places
    with asking(mine.manager, theirs.home) as session:
        assert session.scalars(select(Booking.id)).all() == []
        assert session.scalars(select(Party.id)).all() == []


@pytest.mark.req("S5.05", "S5.47")
@pytest.mark.parametrize("table", ["apartment", "booking", "party"])
def test_what_a_search_finds_is_of_the_own_organization_and_for_staff(
    places: list[Place], asking: Asking, table: str
) -> None:
    mine, theirs = places
    own = {"apartment": mine.flats, "booking": mine.bookings, "party": mine.parties}[table]
    part = {"apartment": "", "booking": "-0", "party": "Part"}[table]
    found = text(f"SELECT {table}_found(:part, 100)")
    with asking(mine.manager, mine.home) as session:
        assert set(session.scalars(found, {"part": part})) == set(own)
    with asking(mine.manager, theirs.home) as session:
        assert session.scalars(found, {"part": part}).all() == []
    with asking(mine.buyer, mine.home) as session:
        assert session.scalars(found, {"part": part}).all() == []


@pytest.mark.req("S5.47")
def test_who_is_no_active_member_any_more_sees_nothing(
    places: list[Place], asking: Asking, superuser: Engine
) -> None:
    mine = places[0]
    with superuser.connect() as connection:
        connection.execute(
            update(Membership).where(Membership.profile_id == mine.profile).values(active=False)
        )
    with asking(mine.manager, mine.home) as session:
        assert session.scalars(select(Booking.id)).all() == []


@pytest.mark.req("S5.47", "S5.07")
@pytest.mark.parametrize("ending", ["ended", "over", "suspended"])
def test_a_secret_ends_at_once(
    places: list[Place], asking: Asking, superuser: Engine, ending: str
) -> None:
    mine = places[0]
    how = {
        "ended": "UPDATE credential SET ended_at = now()",
        "over": "UPDATE credential SET expires_at = now()",
        "suspended": "UPDATE profile SET status = 'suspended'",
    }
    with superuser.connect() as connection:
        connection.execute(text(how[ending]))
    with asking(mine.manager, mine.home) as session:
        assert session.scalars(select(Booking.id)).all() == []


@pytest.mark.req("S5.05", "S5.47")
def test_a_buyer_sees_their_own_rows_and_the_catalogue(places: list[Place], asking: Asking) -> None:
    mine = places[0]
    with asking(mine.buyer, mine.home) as session:
        assert session.scalars(select(Booking.id)).all() == [mine.bookings[0]]
        assert session.scalars(select(Party.id)).all() == [mine.parties[0]]
        customers = set(
            session.scalars(select(Apartment.customer_id).where(Apartment.source_id.is_not(None)))
        )
        assert customers == {mine.parties[0]}
        assert set(session.scalars(select(Project.id))) == {mine.project}
        for kind in (Event, AuditEntry):
            assert session.scalars(select(kind.id)).all() == []


@pytest.mark.req("S5.05")
def test_a_visitor_sees_what_is_published_and_no_customers(
    places: list[Place], asking: Asking, superuser: Engine
) -> None:
    mine, theirs = places
    with asking("", mine.home) as session:
        assert session.scalars(select(Project.id)).all() == [mine.project]
        assert set(session.scalars(select(Apartment.id))) == set(mine.flats)
        for kind in (Party, Booking, Invoice, Membership, Setting):
            assert session.scalars(select(kind.id)).all() == []
    with superuser.connect() as connection:
        connection.execute(text("UPDATE organization SET public_catalogue = false"))
    with asking("", theirs.home) as session:
        assert session.scalars(select(Project.id)).all() == []


@pytest.mark.req("S5.47")
def test_nobody_writes_into_another_organization(places: list[Place], asking: Asking) -> None:
    mine, theirs = places
    row = insert(Party).values(id=uuid7(), name="Spy", organization_id=theirs.home)
    with (
        asking(mine.manager, mine.home) as session,
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        session.execute(row)


@pytest.mark.req("S5.05", "S5.47")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE project SET hold_minutes = 9",
        "UPDATE package SET price = 0",
        "UPDATE membership SET roles = '{Admin}'",
        "UPDATE setting SET value = '1'",
        "DELETE FROM apartment_package",
    ],
)
def test_a_buyer_changes_neither_prices_nor_roles_whatever_sql_they_run(
    places: list[Place], asking: Asking, statement: str
) -> None:
    mine = places[0]
    with asking(mine.buyer, mine.home) as session:
        assert session.execute(text(statement)).rowcount == 0  # type: ignore[attr-defined]


@pytest.mark.req("S5.47")
def test_only_administrators_say_who_belongs(places: list[Place], asking: Asking) -> None:
    mine = places[0]
    with asking(mine.manager, mine.home) as session:
        promoted = update(Membership).values(roles=["Admin"])
        assert session.execute(promoted).rowcount == 0  # type: ignore[attr-defined]


@pytest.mark.req("S5.05", "S5.48")
@pytest.mark.parametrize("table", ["credential", "ab_user", "profile"])
def test_secrets_of_users_are_out_of_the_webs_reach(
    places: list[Place], asking: Asking, table: str
) -> None:
    mine = places[0]
    with asking(mine.manager, mine.home) as session:
        if table == "credential":
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.scalars(select(Credential)).all()
        elif table == "ab_user":
            assert session.scalar(text("SELECT count(*) FROM ab_user")) == 1
        else:
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.execute(update(Profile).values(two_factor_enabled=False))


@pytest.mark.req("S5.05")
@pytest.mark.parametrize("table", ["posting", "journal_entry", "account", "audit_entry", "seal"])
def test_money_and_trail_have_one_door(places: list[Place], asking: Asking, table: str) -> None:
    mine = places[0]
    with (
        asking(mine.manager, mine.home) as session,
        pytest.raises(DBAPIError, match="permission denied"),
    ):
        session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names of ours


def test_a_job_sees_the_one_organization_it_works_for(
    places: list[Place], session: Session
) -> None:
    mine = places[0]
    with seeing(session, Scope(mine.home, everywhere=True)):
        assert set(session.scalars(select(Booking.id))) == set(mine.bookings)
    with seeing(session, Scope(everywhere=True)):
        assert session.scalars(select(Booking.id)).all() == []


def test_nothing_is_left_on_a_pooled_connection(places: list[Place], asking: Asking) -> None:
    mine = places[0]
    with asking(mine.manager, mine.home) as session:
        session.scalars(select(Booking.id)).all()
        session.commit()
        raw = session.get_bind().connect()  # type: ignore[union-attr]
        with raw as connection:
            left = connection.scalar(text("SELECT current_setting('makao.key', true)"))
    assert not left


def test_the_policy_uses_the_index(places: list[Place], asking: Asking, superuser: Engine) -> None:
    mine = places[0]
    many = text(
        "INSERT INTO party (id, organization_id, name)"
        " SELECT gen_random_uuid(), :home, 'P' FROM generate_series(1, 20000)"
    )
    with superuser.connect() as connection:
        connection.execute(many, {"home": places[1].home})
        connection.execute(text("ANALYZE party"))
    with asking(mine.manager, mine.home) as session:
        plan = "\n".join(session.scalars(text("EXPLAIN SELECT * FROM party ORDER BY id LIMIT 9")))
    assert "Index" in plan
    assert "Seq Scan" not in plan
