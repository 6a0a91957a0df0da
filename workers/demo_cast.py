"""Who plays in the demo: two organizations, three projects, and people with made-up names."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of apartment in a project: area in square metres, price in the project's currency."""

    name: str
    area: Decimal
    price: Decimal
    view: str


@dataclass(frozen=True, slots=True)
class Site:
    """A project of the demo: its blocks, floors and what may be chosen."""

    name: str
    location: str
    latitude: Decimal
    longitude: Decimal
    amenities: tuple[str, ...]
    description: str
    blocks: tuple[str, ...]
    floors: int
    layouts: tuple[Layout, ...]
    packages: tuple[tuple[str, Decimal], ...]
    addons: tuple[tuple[str, str, Decimal, int], ...]
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Company:
    """An organization of the demo. Its sign-ins end in `suffix`."""

    name: str
    slug: str
    suffix: str
    currency: str
    time_zone: str
    address: str
    email: str
    phone: str
    bank: str
    sites: tuple[Site, ...]
    bookings: int


UNCONFIRMED = {"technician", "member"}
"""Whose phone has not been confirmed yet."""


def phone(company: Company, login: str) -> str:
    """Give somebody of the demo a phone of their own."""
    at = list(SIGN_INS).index(login) + (50 if company.suffix else 0)
    return f"+2547125550{at:02}"


def _site(  # noqa: PLR0913, PLR0917  # the columns of one table
    name: str,
    location: str,
    place: tuple[str, str],
    unit: int,
    blocks: tuple[str, ...],
    floors: int,
    amenities: tuple[str, ...],
    description: str,
) -> Site:
    """Make a project whose prices are multiples of `unit`, as each market counts in its own."""
    return Site(
        name,
        location,
        Decimal(place[0]),
        Decimal(place[1]),
        amenities,
        description,
        blocks,
        floors,
        (
            Layout("1 bedroom", Decimal(52), Decimal(69 * unit), "Courtyard"),
            Layout("2 bedroom", Decimal(78), Decimal(104 * unit), "Hills"),
            Layout("2 bedroom + study", Decimal(91), Decimal(121 * unit), "City"),
            Layout("3 bedroom", Decimal(124), Decimal(168 * unit), "Garden"),
        ),
        (
            ("Silver", Decimal(0)),
            ("Golden", Decimal(12 * unit) + Decimal(unit) / 2),
            ("Platinum", Decimal(29 * unit)),
        ),
        (
            ("Air conditioning 1.5 HP", "Air conditioning", Decimal(unit), 3),
            ("Air conditioning 2.25 HP", "Air conditioning", Decimal(unit) * 3 / 2, 2),
            ("Smart lighting", "Smart home", Decimal(unit) / 8, 10),
            ("Smart lock", "Smart home", Decimal(unit) / 4, 2),
            ("Solar heating", "Solar", Decimal(2 * unit), 1),
            ("Second parking bay", "Parking", Decimal(6 * unit), 1),
        ),
        (("Air conditioning", 4), ("Smart home", 11), ("Solar", 1), ("Parking", 1)),
    )


COMPANIES = (
    Company(
        "Jacaranda Homes",
        "jacaranda",
        "",
        "KES",
        "Africa/Nairobi",
        "Riverside Drive 12, Nairobi",
        "hello@jacaranda.example",
        "+254 20 555 0100",
        "Jacaranda Homes Ltd, Savanna Bank, account 0123 4567 89, SWIFT SAVBKENA",
        (
            _site(
                "Jacaranda Court",
                "Ngong Road, Kilimani, Nairobi",
                ("-1.2964", "36.7826"),
                100_000,
                ("A", "B"),
                10,
                ("Pool", "Gym", "Rooftop garden", "Borehole", "Standby generator"),
                "Two towers around a courtyard of old jacaranda trees, ten minutes from town.",
            ),
            _site(
                "Savanna Ridge",
                "Magadi Road, Ongata Rongai",
                ("-1.3950", "36.7530"),
                60_000,
                ("R",),
                15,
                ("Park", "Children's playground", "Solar street lights", "Cycle path"),
                "Quiet homes on the ridge, looking over the national park to the city.",
            ),
        ),
        95,
    ),
    Company(
        "Lagoon Living",
        "lagoon",
        "2",
        "NGN",
        "Africa/Lagos",
        "Admiralty Way 40, Lekki Phase 1, Lagos",
        "hello@lagoon.example",
        "+234 1 555 0140",
        "Lagoon Living Ltd, Harbour Bank, account 9876 5432 10",
        (
            _site(
                "Lagoon View",
                "Admiralty Way, Lekki Phase 1, Lagos",
                ("6.4478", "3.4723"),
                1_000_000,
                ("C", "D", "E"),
                5,
                ("Pool", "Five-a-side pitch", "Treatment plant", "Jetty"),
                "Terraces at the water, each with a view of the lagoon.",
            ),
        ),
        55,
    ),
)
PER_FLOOR = {"Jacaranda Court": 8, "Savanna Ridge": 8, "Lagoon View": 8}
"""Apartments on a floor of each block: 160, 120 and 120 in all."""

SIGN_INS = {
    "admin": ("Amina Wanjiru", "Admin"),
    "manager": ("Daniel Otieno", "Manager"),
    "sales": ("Grace Achieng", "Sales"),
    "sales-brenda": ("Brenda Auma", "Sales"),  # with colleagues, bookings go round
    "sales-felix": ("Felix Mutiso", "Sales"),
    "accountant": ("Peter Mwangi", "Accountant"),
    "executive": ("Ruth Njeri", "Executive"),
    "auditor": ("Samuel Kiptoo", "Auditor"),
    "buyer": ("Wanjiku Kamau", "Buyer"),
    "guard": ("Joseph Barasa", "Guard"),
    "technician": ("Brian Ouma", "Technician"),
    "owner": ("Halima Abdi", "Owner"),
    "resident": ("Kevin Mutua", "Resident"),
    "treasurer": ("Mercy Chebet", "Treasurer"),
    "member": ("Esther Wambui", "Group member"),
    "staff": ("Moses Were", "Staff"),
}
PLATFORM = ("platform", "Naomi Kilonzo")
"""Who runs the platform, and belongs to neither organization."""
REMINDERS = ((-3, "Before it is due"), (7, "First reminder"), (14, "Second reminder"))
WITH_PARTY = ("buyer", "owner", "resident", "member", "treasurer")
"""Sign-ins of people the organization deals with; the others work for it."""

FIRST = [
    "Achieng",
    "Baraka",
    "Chidi",
    "Damaris",
    "Ebele",
    "Faith",
    "Gitau",
    "Hamisi",
    "Imani",
    "Juma",
    "Kamau",
    "Lindiwe",
    "Makena",
    "Njoroge",
    "Odhiambo",
    "Precious",
    "Rehema",
    "Simba",
    "Tunde",
    "Uche",
    "Wafula",
    "Yetunde",
    "Zawadi",
    "Zuri",
]
LAST = [
    "Abubakar",
    "Balogun",
    "Chege",
    "Danjuma",
    "Eze",
    "Fashola",
    "Githinji",
    "Hassan",
    "Igwe",
    "Jelagat",
    "Kariuki",
    "Lagat",
    "Muthoni",
    "Ndegwa",
    "Okafor",
    "Oyelaran",
    "Radhika",
    "Sang",
    "Toure",
    "Wekesa",
]
FIRMS = ("Baobab Holdings Ltd", "Kilimo Investments PLC", "Harmattan Trading Ltd")
REASONS = (
    "We found a place closer to work.",
    "The bank did not agree to the loan.",
    "The family decided to wait a year.",
)
