"""The person at hand, and the scope of the request: known once, from the secret they hold."""

from uuid import UUID, uuid4

from flask import Flask, g, has_request_context, request
from flask_login import AnonymousUserMixin, UserMixin

from core import db, scope
from core.errors import Refused
from core.scope import Scope
from core.text import N_
from core.work import Actor
from services import access
from services.sign_in import Identity, Member


class Person(UserMixin):  # type: ignore[misc]
    """Whoever is signed in, as Flask-Login, Flask-AppBuilder and the templates know them."""

    def __init__(self, identity: Identity, member: Member | None) -> None:
        """Join who somebody is to the organization they work in now, if any."""
        self.identity = identity
        self.member = member
        self.id = identity.user_id
        self.profile_id = identity.profile_id
        self.username = identity.username
        self.name = identity.name
        self.email = identity.email
        self.roles = sorted(member.roles) if member else []
        self.active = True

    def get_full_name(self) -> str:
        """Give the name that pages show."""
        return self.name

    def may(self, verb: str, table: str) -> bool:
        """Whether the roles held here hold the verb; keys hold their scopes only."""
        return self.reaches(verb, table) and access.allows(self.roles, table, verb)

    def reads_own(self, table: str) -> bool:
        """Whether they are a member of the portal who reads there what is of their own party."""
        inside = self.member is not None and not self.member.staff
        return inside and self.reaches("read", table) and access.reads_own(self.roles, table)

    def reaches(self, verb: str, table: str) -> bool:
        """Whether the secret at hand is for the verb at all: keys are for their scopes only."""
        scopes = self.identity.scopes
        return not scopes or f"{table}:{verb}" in scopes or f"*:{verb}" in scopes


class Visitor(AnonymousUserMixin):  # type: ignore[misc]
    """Somebody who has not signed in."""

    name = ""
    roles: tuple[str, ...] = ()
    member: Member | None = None
    identity: Identity | None = None

    def may(self, _verb: str, _table: str) -> bool:
        """Visitors hold no verb; what is public is shown without asking."""
        return False


def person() -> Person | None:
    """Give the person at hand, or None for a visitor."""
    found: Person | None = g.get("person")
    return found


def actor() -> Actor:
    """Name whoever acts, for events and audit."""
    at_hand = person()
    return Actor("user", str(at_hand.profile_id)) if at_hand else Actor("visitor", "")


def request_id() -> str:
    """Give this request's id: a proxy's if it sent one that can be trusted to be one, or a new."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-Id", "")
        fits = 8 <= len(given) <= 64 and given.replace("-", "").isalnum() and given.isascii()
        g.request_id = given if fits else uuid4().hex
    found: str = g.request_id
    return found


def recognise(identity: Identity | None, secret: str) -> None:
    """Take up whoever holds the secret, for the rest of the request; None is a visitor."""
    wish = _wish()
    member = identity.membership(wish) if identity else None
    g.person = Person(identity, member) if identity else None
    g.user = g.person or Visitor()
    g._login_user = g.user  # noqa: SLF001  # where Flask-Login keeps what it has found
    g.time_zone = member.time_zone if member else ""
    parties = None
    if member and not member.staff:
        parties = frozenset({member.party_id} if member.party_id else ())
    found = Scope(
        organization_id=member.organization_id if member else None,
        profile_id=identity.profile_id if identity else None,
        roles=member.roles if member else frozenset(),
        parties=parties,
        key=secret if identity else "",
        actor=str(actor()),
        request_id=request_id(),
        client=f"{request.remote_addr} {request.user_agent.string}"[:400],
    )
    token = scope.enter(db.session(), found)
    g.setdefault("scope_token", token)


def look_at(organization_id: UUID) -> None:
    """Let a visitor read the public catalogue of one organization."""
    current = scope.current()
    scope.enter(
        db.session(),
        Scope(
            organization_id=organization_id,
            parties=frozenset(),
            key=current.key,
            actor=current.actor,
            request_id=current.request_id,
            client=current.client,
        ),
    )


def init_app(app: Flask) -> None:
    """Put the scope back when a request ends."""
    app.teardown_request(_leave)


def _leave(_: BaseException | None) -> None:
    if token := g.pop("scope_token", None):
        scope.leave(token)


def _wish() -> UUID | None:
    """Which organization a program names. Whether it may is looked up; this is only a wish."""
    if not has_request_context():
        return None
    try:
        return UUID(request.headers.get("X-Organization-Id", ""))
    except ValueError:
        return None


class NotSignedIn(Refused):
    """Nobody is signed in."""

    code = "not_signed_in"
    status = 401
    says = N_("Sign in first.")


def signed_in() -> Person:
    """Give the person at hand.

    Raises:
        NotSignedIn: it is a visitor.

    """
    at_hand = person()
    if at_hand is None:
        raise NotSignedIn
    return at_hand
