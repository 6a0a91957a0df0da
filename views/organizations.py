"""The organization: what it is, who belongs, what they may do, what is set; and joining it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from core import db
from core.errors import NotFound, Refused
from core.text import N_
from core.work import Work, clock, unit_of_work
from models.organizations import CredentialKind, Invitation, Membership, Organization
from services import access, invitations, organizations, sign_in
from views.admin.acts import Act, forbidden
from views.admin.columns import Kind
from views.admin.inputs import Input, control, read
from views.admin.registry import BY_TABLE, READ_VERB, Group, Screen
from views.web import sessions
from views.web.person import Person, actor, person, signed_in
from views.web.refusals import in_words, sentence

MENU = N_("Organization")
OPEN_FORM = "onboarding.open_form"


def invite(work: Work, row: Invitation) -> Invitation:
    """Invite somebody by mail; the link is also shown once, to whoever asked."""
    made, code = invitations.invite(work, row.email, row.roles)
    show_link(code)
    return made


def show_link(code: str) -> None:
    """Show the link of an invitation once; it is kept nowhere."""
    link = f"{current_app.config['PUBLIC_URL']}{url_for('InvitationView.join', code=code)}"
    flash(_("The link is on its way by mail. It is shown here once: %(link)s", link=link), "info")


def change_roles(work: Work, row_id: UUID, roles: Sequence[str], active: bool) -> object:  # noqa: FBT001
    """Say what a member may do from now on."""
    return invitations.change_roles(work, row_id, roles, active=active)


def _pending(row: Invitation) -> str:
    if row.accepted_at:
        return N_("It was accepted.")
    return N_("It was withdrawn.") if row.withdrawn_at else ""


ROLES = Input(
    "roles", N_("Roles"), Kind.names, choices=access.ROLE_LABELS, start=lambda row: row.roles
)
ORGANIZATION = Screen(
    Organization,
    title=N_("About the organization"),
    one=N_("Organization"),
    sentence=N_("What stands on letters and invoices, and how others find it."),
    menu=MENU,
    columns="name slug currency time_zone email phone public_catalogue",
    form="name address email phone time_zone locale currency public_catalogue",
    addable=False,
    pictures="logo",
    labels={
        "slug": N_("Web address"),
        "time_zone": N_("Time zone"),
        "locale": N_("Language"),
        "public_catalogue": N_("Everybody may read the catalogue"),
    },
    inputs={"email": {"shape": "email"}, "phone": {"shape": "phone"}, "currency": {"length": 3}},
    groups=(
        Group(N_("Organization"), "name slug address email phone"),
        Group(N_("Habits"), "currency time_zone locale public_catalogue"),
    ),
)
MEMBER = Screen(
    Membership,
    title=N_("Members"),
    one=N_("Member"),
    sentence=N_("Who belongs to the organization, and what they may do."),
    menu=MENU,
    columns="profile roles active profile.email created_at",
    called="profile",
    search="profile.name profile.email",
    filters="active created_at",
    acts=(
        Act(
            change_roles,
            N_("Change roles"),
            icon="user-cog",
            right=("membership", "write"),
            bulk=False,
            inputs=(
                ROLES,
                Input(
                    "active", N_("Active"), Kind.yesno, required=False, start=lambda row: row.active
                ),
            ),
            done=N_("The roles hold from their next click on."),
        ),
    ),
    drawing="people",
)
INVITATION = Screen(
    Invitation,
    title=N_("Invitations"),
    one=N_("Invitation"),
    sentence=N_("Links by which people become members, each once and for 14 days."),
    menu=MENU,
    columns="email roles created_at expires_at accepted_at withdrawn_at",
    form="email roles",
    fixed="email roles",
    search="email",
    filters="created_at",
    labels={"accepted_at": N_("Accepted"), "withdrawn_at": N_("Withdrawn")},
    inputs={"email": {"shape": "email"}, "roles": {"choices": access.ROLE_LABELS}},
    add=invite,
    acts=(
        Act(
            organizations.withdraw_invitation,
            N_("Withdraw"),
            icon="x",
            tone="danger",
            verb="withdraw",
            right=("member_invitation", "write"),
            unless=_pending,
            confirm=N_("The link will open nothing any more."),
            done=N_("The invitation is withdrawn."),
        ),
    ),
    drawing="people",
)
SCREENS = [MEMBER, INVITATION, ORGANIZATION]


class OrganizationView(BaseView):  # type: ignore[misc]
    """Choosing where to work, the roles on one page, and the settings."""

    route_base = "/organization"
    default_view = "roles"

    @expose("/choose", methods=["POST"])  # type: ignore[untyped-decorator]
    def choose(self) -> Any:
        """Work in another of one's organizations from now on."""
        at_hand, door = signed_in(), db.door()
        wished = request.form.get("organization", "")
        mine = {str(each.organization_id): each for each in at_hand.identity.memberships}
        if wished not in mine:
            raise NotFound
        chosen = mine[wished]
        sign_in.choose(door, at_hand.identity.credential_id, chosen.organization_id)
        door.commit()
        flash(_("You work for %(name)s now.", name=chosen.name), "success")
        return redirect(url_for("HomeView.home"))

    @expose("/roles")  # type: ignore[untyped-decorator]
    def roles(self) -> Any:
        """Show who may do what, readable."""
        if not signed_in().may("read", "membership"):
            raise forbidden("membership", "read")
        rows = [
            {
                "title": _(screen.title),
                "cells": {
                    role: [
                        _right(screen, verb)
                        for verb in screen.rights()
                        if access.allows([role], table, verb)
                    ]
                    for role in access.ROLES
                },
            }
            for table, screen in BY_TABLE.items()
        ]
        names = {role: _(access.ROLE_LABELS[role]) for role in access.ROLES}
        return render_template("organizations/roles.html", roles=names, rows=rows)

    @expose("/settings", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def settings(self) -> Any:
        """Show and change what may be set."""
        at_hand, refusal = signed_in(), None
        if not at_hand.may("read", "setting"):
            raise forbidden("setting", "read")
        writes = at_hand.may("write", "setting")
        if request.method == "POST":
            if not writes:
                raise forbidden("setting", "write")
            try:
                _change_settings()
            except Refused as refused:
                refusal = refused
            else:
                flash(_("The settings hold from now on."), "success")
                return redirect(url_for(".settings"))
        work = Work(db.session(), actor())
        fields = []
        for each, key in _settings():
            value = organizations.setting(work, key)
            typed = request.form.get(each.name) if request.method == "POST" else value
            wrong = refusal is not None and refusal.field == each.name
            errors = (sentence(refusal),) if refusal and wrong else ()
            fields.append(control(each, typed, errors=errors) | {"readonly": not writes})
        page = {
            "title": _("Settings"),
            "sentence": _("What holds for the whole organization."),
            "groups": [{"title": "", "fields": fields}],
            "errors": [{"text": sentence(refusal), "field_id": ""}] if refusal else [],
        }
        return render_template("admin/form.html", page=page), refusal.status if refusal else 200


def _right(screen: Screen, verb: str) -> str:
    """Say what a right allows, as the button says it."""
    act = screen.act(verb)
    if act is not None:
        return str(_(act.label))
    return str(_("Read") if verb == READ_VERB else _("Add and change"))


def _settings() -> list[tuple[Input, str]]:
    kinds = {bool: Kind.yesno, int: Kind.number, str: Kind.text}
    return [
        (
            Input(
                key.replace(".", "_"),
                declared.says,
                kinds.get(type(declared.default), Kind.text),
                required=isinstance(declared.default, int)
                and not isinstance(declared.default, bool),
                whole=True,
                length=400,
                hint=_hint(key),
            ),
            key,
        )
        for key, declared in organizations.SETTINGS.items()
        if type(declared.default) in kinds
    ]


def _hint(key: str) -> str:
    """Say where what a setting opens is found."""
    if key != OPEN_FORM:
        return ""
    slug = db.session.scalar(select(Organization.slug))
    page = url_for("ApplyingView.apply", slug=slug)
    return str(_("The form is at %(url)s", url=f"{current_app.config['PUBLIC_URL']}{page}"))


def _change_settings() -> None:
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        for field, key in _settings():
            value = read(work.session, field, request.form.get(field.name))
            if value != organizations.setting(work, key):
                organizations.change_setting(work, key, value)
        work.session.flush()


class InvitationView(BaseView):  # type: ignore[misc]
    """Becoming a member by a link: sign in or register, then agree."""

    route_base = "/invitation"
    default_view = "join"

    @expose("/<code>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def join(self, code: str) -> Any:
        """Show who invites, and accept."""
        shown = _invitation(code)
        at_hand = person()
        refusal = None
        if request.method == "POST":
            try:
                if at_hand is None:
                    self._register(shown)
                self._accept(code)
            except Refused as refused:
                db.door().rollback()
                refusal = refused
            else:
                flash(_("Welcome to %(name)s.", name=shown.organization), "success")
                return redirect(url_for("HomeView.home"))
        fields = [] if at_hand else [_shown(each, shown, refusal) for each in _asked()]
        page = render_template(
            "door_form.html",
            title=_("Join %(name)s", name=shown.organization),
            sentence=_("You are invited as: %(roles)s.", roles=_roles_in_words(shown.roles))
            if not (refusal and not refusal.field)
            else sentence(refusal),
            who=_signed_in_as(at_hand, shown.email) if at_hand else "",
            stranger=at_hand is not None and not _is_meant(at_hand, shown.email),
            fields=fields,
            submit=_("Join") if at_hand else _("Register and join"),
            back=None
            if at_hand
            else {
                "label": _("I have an account: sign in"),
                "url": url_for("SignInView.login", next=request.path),
            },
        )
        return page, refusal.status if refusal else 200

    def _register(self, shown: Any) -> None:
        door, form = db.door(), request.form
        given = {each.name: read(door, each, form.get(each.name)) for each in _asked()}
        profile = sign_in.register(
            door,
            given["username"],
            given["name"],
            shown.email,
            given["password"],
            confirmed_at=clock() if shown.mailed else None,
        )
        secret = sign_in.open_for(
            door,
            profile.id,
            CredentialKind.browser,
            clock(),
            address=request.remote_addr or "",
            user_agent=request.user_agent.string,
        )
        door.commit()
        sessions.open_browser(secret)
        door.commit()

    def _accept(self, code: str) -> None:
        with unit_of_work(db.session(), actor()) as work:
            home = organizations.accept(work, code)
        at_hand = signed_in()
        sign_in.choose(db.door(), at_hand.identity.credential_id, home)
        db.door().commit()


def _asked() -> tuple[Input, ...]:
    return (
        Input("name", N_("Your name"), length=120),
        Input("username", N_("User name"), length=64),
        Input(
            "password",
            N_("Password"),
            shape="password",
            length=400,
            hint=sign_in.PasswordTooWeak.says,
        ),
    )


def _is_meant(at_hand: Person, email: str) -> bool:
    return at_hand.email.lower() == email.lower()


def _signed_in_as(at_hand: Person, email: str) -> str:
    """Say who would join: a link can be opened by somebody else than whom it was sent to."""
    if _is_meant(at_hand, email):
        return str(_("You are signed in as %(name)s.", name=at_hand.name))
    return str(
        _(
            "You are signed in as %(name)s (%(own)s), and this invitation was sent to %(email)s."
            " If you are not the one who is meant, sign out and open the link again.",
            name=at_hand.name,
            own=at_hand.email,
            email=email,
        )
    )


def _shown(field: Input, _row: Any, refusal: Refused | None) -> dict[str, Any]:
    wrong = refusal is not None and refusal.field == field.name
    typed = None if field.shape == "password" else request.form.get(field.name)
    return control(field, typed, errors=(sentence(refusal),) if refusal and wrong else ())


def _invitation(code: str) -> Any:
    try:
        shown = (
            db.session()
            .execute(
                select(
                    func.read_invitation(code).table_valued(
                        "organization", "email", "roles", "mailed"
                    )
                )
            )
            .one_or_none()
        )
    except (DBAPIError, ValueError):
        shown = None
    if shown is None or shown.organization is None:
        raise organizations.InvitationOver
    return shown


def _roles_in_words(roles: Sequence[str]) -> str:
    return ", ".join(_(access.ROLE_LABELS.get(each, each)) for each in roles)
