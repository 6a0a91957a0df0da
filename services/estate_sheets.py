"""The sheet of an estate's register: its columns, and the words that people use for them.

Beside English these are the words of our own catalogues (services/sales_sheets.py says why).
"""

from core.text import N_
from models.estate import OccupancyRole, UnitType
from services.sheets import Column, SheetKind, plain

SHEETS = (
    SheetKind(
        "units",
        ("Units", "Register", "Lots", "Registre", "Nyumba", "Daftari", "الوحدات", "السجل"),
        (
            Column(
                "estate",
                N_("Estate"),
                ("Property", "Compound", "Résidence", "Mtaa", "المجمع"),
                required=True,
            ),
            Column("block", N_("Block"), ("Building", "Street", "Bloc", "Jengo", "المبنى")),
            Column(
                "number",
                N_("Unit"),
                ("Unit number", "House number", "No", "Number", "Lot", "Nambari", "الوحدة"),
                required=True,
            ),
            Column("type", N_("Type"), ("Unit type", "Kind", "Aina", "النوع")),
            Column("floor", N_("Floor"), ("Level", "Étage", "Ghorofa", "الطابق")),
            Column("bedrooms", N_("Bedrooms"), ("Beds", "Chambres", "Vyumba", "غرف النوم")),
            Column("area", N_("Area (m²)"), ("Area", "Size", "Surface", "Eneo", "المساحة")),
            Column("owner", N_("Owner"), ("Owner name", "Propriétaire", "Mmiliki", "المالك")),
            Column("owner_email", N_("Owner's e-mail"), ("Owner email", "Email of owner")),
            Column("owner_phone", N_("Owner's phone"), ("Owner phone", "Owner mobile")),
            Column("share", N_("Share"), ("Owner share", "Part", "Hisa", "الحصة")),
            Column("owned_since", N_("Owned since"), ("Owner since", "Bought on")),
            Column(
                "occupant",
                N_("Occupant"),
                ("Tenant", "Resident", "Occupant name", "Occupant principal", "Mkaazi", "الساكن"),
            ),
            Column("occupant_email", N_("Occupant's e-mail"), ("Tenant email", "Occupant email")),
            Column("occupant_phone", N_("Occupant's phone"), ("Tenant phone", "Occupant phone")),
            Column("role", N_("Lives there as"), ("Occupancy", "Occupant type", "Status")),
            Column("lives_since", N_("Lives there since"), ("Tenant since", "Moved in", "Since")),
        ),
    ),
)
TYPES = {plain(word): kind for kind in UnitType for word in (kind.value,)} | {
    plain(word): kind
    for kind, words in {
        UnitType.apartment: ("flat", "appartement", "maisonette", "fleti", "شقة", ""),
        UnitType.house: ("villa", "townhouse", "maison", "nyumba", "منزل"),
        UnitType.studio: ("bedsitter", "استوديو"),
        UnitType.shop: ("retail", "commerce", "duka", "متجر"),
        UnitType.office: ("bureau", "ofisi", "مكتب"),
        UnitType.parking: ("parking space", "garage", "maegesho", "موقف"),
        UnitType.storage: ("store", "store room", "cave", "ghala", "مخزن"),
        UnitType.plot: ("land", "terrain", "kiwanja", "قطعة أرض"),
    }.items()
    for word in words
}
ROLES = {
    plain(word): role
    for role, words in {
        OccupancyRole.tenant: ("tenant", "lessee", "locataire", "mpangaji", "مستأجر", ""),
        OccupancyRole.owner_occupier: (
            "owner",
            "owner occupier",
            "propriétaire",
            "mmiliki",
            "مالك",
        ),
        OccupancyRole.resident: ("resident", "family", "résident", "mkaazi", "ساكن"),
    }.items()
    for word in words
}
