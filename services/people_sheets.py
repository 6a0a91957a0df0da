"""The sheet of a register of people: its columns, and the words that people use for them."""

from core.text import N_
from models.people import PartyKind
from services import people
from services.sheets import Column, SheetKind, plain

SHEETS = (
    SheetKind(
        "people",
        ("People", "Contacts", "Customers", "Members", "Personnes", "Watu", "الأشخاص"),
        (
            Column(
                "name",
                N_("Name"),
                ("Full name", "Names", "Customer", "Contact", "Nom", "Jina", "الاسم"),
                required=True,
            ),
            Column("kind", N_("Person or company"), ("Kind", "Type", "Aina", "النوع")),
            Column("email", N_("E-mail"), ("Email", "Email address", "Mail", "Courriel")),
            Column("phone", N_("Phone"), ("Mobile", "Phone number", "Téléphone", "Simu", "الهاتف")),
            Column("address", N_("Address"), ("Postal address", "Adresse", "Anwani", "العنوان")),
            Column("roles", N_("Known as"), ("Role", "Roles", "Category", "Wajibu", "الدور")),
            Column("contact", N_("Emergency contact"), ("Next of kin", "In an emergency")),
            Column(
                "contact_phone",
                N_("Emergency contact's phone"),
                ("Emergency phone", "Next of kin's phone", "Next of kin phone"),
            ),
            Column("note", N_("Note"), ("Notes", "Remarks", "Remarque", "Maelezo", "ملاحظة")),
        ),
    ),
)
KINDS = {plain(word): PartyKind.person for word in ("", "person", "individual", "human", "mtu")} | {
    plain(word): PartyKind.company
    for word in ("company", "business", "trust", "firm", "organisation", "organization", "kampuni")
}
ROLES = {
    plain(word): role
    for role, words in {
        people.CUSTOMER: ("customer", "buyer", "client", "mteja", "عميل"),
        people.OWNER: ("owner", "landlord", "propriétaire", "mmiliki", "مالك"),
        people.RESIDENT: ("resident", "tenant", "occupant", "mkaazi", "ساكن"),
        people.VENDOR: ("vendor", "supplier", "contractor", "fournisseur", "مورد"),
    }.items()
    for word in words
}
