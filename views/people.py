"""Admin screens: parties."""

from uuid import UUID

from core import phones
from core.errors import BadInput
from core.text import N_
from core.work import Work, found
from models.billing import Invoice
from models.bookings import ApartmentOwner, Booking
from models.estate import Occupancy, Ownership
from models.onboarding import Identifier, PartyKyc
from models.payments import PaymentIntent
from models.people import Party
from services import invitations, organizations, people
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen
from views.organizations import show_link

ROLES = {
    people.CUSTOMER: N_("Customer"),
    people.OWNER: N_("Owner"),
    people.RESIDENT: N_("Resident"),
    people.VENDOR: N_("Vendor"),
}
WHY = Input("reason", N_("Reason"), Kind.long, length=400)


def set_aside(work: Work, row_id: UUID, reason: str) -> object:
    """Begin nothing new with them."""
    return people.set_aside(work, row_id, reason)


def blacklist(work: Work, row_id: UUID, reason: str) -> object:
    """Begin nothing with them any more."""
    return people.blacklist(work, row_id, reason)


def take_off(work: Work, row_id: UUID, reason: str) -> object:
    """Take them off the blacklist."""
    return people.take_off(work, row_id, reason)


STANDING = (
    Act(
        people.admit,
        N_("Admit"),
        move="admit",
        icon="user-check",
        confirm=N_("They can book, lease and own from now on, whatever the checks have found."),
        done=N_("They are active."),
    ),
    Act(
        set_aside,
        N_("Set aside"),
        move="set_aside",
        icon="user-minus",
        inputs=(WHY,),
        done=N_("Nothing new is begun with them. What runs goes on."),
    ),
    Act(
        people.take_up,
        N_("Take up again"),
        move="take_up",
        icon="user-plus",
        done=N_("They are active again."),
    ),
    Act(
        blacklist,
        N_("Blacklist"),
        move="blacklist",
        icon="user-x",
        tone="danger",
        inputs=(WHY,),
        confirm=N_("Nothing new can be begun with them. What runs goes on."),
        done=N_("They are blacklisted."),
    ),
    Act(
        take_off,
        N_("Take off the blacklist"),
        move="take_off",
        icon="user-cog",
        inputs=(WHY,),
        done=N_("They are inactive. Take them up again, if they shall book and lease."),
    ),
)


def contacts(work: Work, row_id: UUID, contacts: str = "") -> object:
    """Say whom to call in an emergency."""
    region = phones.region(organizations.home(work).currency)
    return people.set_contacts(work, row_id, people.read_contacts(contacts, region))


def invite(work: Work, row_id: UUID) -> object:
    """Invite a customer to the portal by mail; the link is also shown once, to whoever asked."""
    party = found(work, Party, row_id)
    if not party.email:
        raise BadInput(N_("Give them an e-mail address first."))
    made, code = invitations.invite(work, party.email, [invitations.BUYER], row_id)
    show_link(code)
    return made


def _has_no_mail(row: Party) -> str:
    return "" if row.email else N_("They have no e-mail address.")


PARTY = Screen(
    Party,
    title=N_("People and companies"),
    one=N_("Person or company"),
    sentence=N_("Everybody the organization deals with, each once."),
    menu=N_("People"),
    counted=True,
    importable="people",
    columns="name status kind email phone roles created_at",
    more="status_at status_reason emergency_contacts",
    form="name kind email phone address tax_number roles note",
    search="name email phone",
    filters="status kind roles created_at",
    order="name",
    before_save=people.check,
    acts=(
        Act(
            invite,
            N_("Invite to the portal"),
            icon="send",
            right=("member_invitation", "write"),
            unless=_has_no_mail,
            bulk=False,
            confirm=N_(
                "They get a mail with a link that works once, and book and pay by themselves."
            ),
            done=N_("The invitation is on its way."),
        ),
        Act(
            contacts,
            N_("Whom to call in an emergency"),
            icon="phone",
            bulk=False,
            inputs=(
                Input(
                    "contacts",
                    N_("People to call"),
                    Kind.long,
                    required=False,
                    length=1000,
                    hint=N_("A line for each, like: Wanjiru Kamau, +254 722 555 010"),
                    start=people.lines,
                ),
            ),
            done=N_("It is kept."),
        ),
        *STANDING,
    ),
    presets=(
        Preset(N_("Drafts"), "status=draft"),
        Preset(N_("Blacklisted"), "status=blacklisted"),
    ),
    labels={
        "status": N_("Standing"),
        "status_at": N_("Standing since"),
        "status_reason": N_("Why"),
    },
    groups=(
        Group(N_("Who it is"), "name kind roles tax_number"),
        Group(N_("How to reach them"), "email phone address emergency_contacts"),
        Group(N_("Standing"), "status status_at status_reason"),
        Group(N_("Note"), "note"),
    ),
    form_groups=(
        Group(N_("Who it is"), "name kind roles tax_number"),
        Group(N_("How to reach them"), "email phone address"),
        Group(N_("Note"), "note"),
    ),
    inputs={
        "email": {"shape": "email"},
        "phone": {"shape": "phone"},
        "roles": {"choices": ROLES, "required": False},
        "kind": {"value": "person"},
    },
    related=(
        Related(
            Booking, "customer_id", N_("Bookings"), "number status original total", order="-id"
        ),
        Related(
            Invoice,
            "party_id",
            N_("Invoices"),
            "number status subject total due_amount",
            order="-id",
        ),
        Related(
            PaymentIntent, "party_id", N_("Payments"), "number status method amount", order="-id"
        ),
        Related(
            ApartmentOwner,
            "owner_id",
            N_("Owns"),
            "apartment apartment.project apartment.project.location share",
            labels={
                "apartment.project": N_("Project"),
                "apartment.project.location": N_("Place"),
            },
        ),
        Related(
            PartyKyc, "party_id", N_("Proof of identity"), "status verified_on expires_on reason"
        ),
        Related(
            Identifier,
            "party_id",
            N_("Numbers of papers"),
            "kind shown",
            labels={"kind": N_("Paper"), "shown": N_("Number")},
        ),
        Related(Ownership, "party_id", N_("Units owned"), "unit unit.estate share since until"),
        Related(Occupancy, "party_id", N_("Lives in"), "unit unit.estate role since until"),
    ),
    empty=N_("Customers, owners and companies stand here. Add the first one."),
    drawing="people",
)
SCREENS = [PARTY]
