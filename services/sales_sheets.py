"""The sheets of a price list: their columns, and the words that people use for them.

Beside English these are the words of our own catalogues, so that a list which was exported in one
language is read again whatever the language is then.
"""

from core.text import N_
from models.sales import ApartmentStatus, ApartmentType
from services.sheets import Column, SheetKind

SHEETS = (
    SheetKind(
        "projects",
        ("Projects", "Sites", "Projets", "Miradi", "المشاريع"),
        (
            Column(
                "name",
                N_("Project"),
                ("Project name", "Site", "Projet", "Mradi", "المشروع", "Nom", "Jina", "الاسم"),
                required=True,
            ),
            Column(
                "location",
                N_("Location"),
                ("Address", "Place", "Lieu", "Adresse", "Mahali", "الموقع"),
                required=True,
            ),
            Column("latitude", N_("Latitude"), ("Lat", "Latitudo", "خط العرض")),
            Column("longitude", N_("Longitude"), ("Lon", "Lng", "Long", "Longitudo", "خط الطول")),
            Column(
                "amenities", N_("Amenities"), ("Facilities", "Équipements", "Huduma", "المرافق")
            ),
            Column(
                "currency",
                N_("Currency"),
                ("Curr", "Ccy", "Devise", "Sarafu", "العملة"),
                required=True,
            ),
        ),
    ),
    SheetKind(
        "packages",
        ("Packages", "Finitions", "Vifurushi", "الباقات"),
        (
            Column(
                "project",
                N_("Project"),
                ("Project name", "Projet", "Mradi", "المشروع"),
                required=True,
            ),
            Column(
                "name",
                N_("Package"),
                ("Package name", "Finition", "Kifurushi", "الباقة"),
                required=True,
            ),
            Column(
                "level", N_("Level"), ("Type", "Tier", "Niveau", "Ngazi", "المستوى"), required=True
            ),
            Column("price", N_("Price"), ("Package price", "Prix", "Bei", "السعر"), required=True),
        ),
    ),
    SheetKind(
        "addons",
        ("Add-ons", "Addons", "Extras", "Options", "Nyongeza", "الإضافات"),
        (
            Column(
                "project",
                N_("Project"),
                ("Project name", "Projet", "Mradi", "المشروع"),
                required=True,
            ),
            Column(
                "name",
                N_("Add-on"),
                ("Addon", "Extra", "Add-on name", "Option", "Nyongeza", "إضافة"),
                required=True,
            ),
            Column(
                "category", N_("Category"), ("Type", "Catégorie", "Aina", "الفئة"), required=True
            ),
            Column(
                "price_per_unit",
                N_("Price per unit"),
                (
                    "Unit price",
                    "Price",
                    "Prix unitaire",
                    "Bei kwa kipande",
                    "سعر الوحدة",
                    "Prix",
                    "Bei",
                ),
                required=True,
            ),
            Column(
                "max_units",
                N_("Max units"),
                (
                    "Maximum",
                    "Most units",
                    "Max",
                    "Unités au plus",
                    "Unités maximum",
                    "Vipande vingi zaidi",
                    "أقصى عدد للوحدات",
                ),
                required=True,
            ),
        ),
    ),
    SheetKind(
        "limits",
        ("Limits", "Category limits", "Limites", "Mipaka", "الحدود"),
        (
            Column(
                "project",
                N_("Project"),
                ("Project name", "Projet", "Mradi", "المشروع"),
                required=True,
            ),
            Column("name", N_("Category"), ("Type", "Catégorie", "Aina", "الفئة"), required=True),
            Column(
                "max_units",
                N_("Max add-ons"),
                (
                    "Maximum",
                    "Limit",
                    "Max",
                    "Options au plus",
                    "Nyongeza nyingi zaidi",
                    "أقصى عدد للإضافات",
                ),
                required=True,
            ),
        ),
    ),
    SheetKind(
        "apartments",
        ("Apartments", "Units", "Price list", "Appartements", "Nyumba", "الشقق"),
        (
            Column(
                "project", N_("Project"), ("Project name", "Site", "Projet", "Mradi", "المشروع")
            ),
            Column(
                "block",
                N_("Block"),
                ("Blk", "Tower", "Building", "Bloc", "Bâtiment", "Jengo", "المبنى"),
            ),
            Column(
                "floor",
                N_("Floor"),
                ("Level", "Storey", "Flr", "Étage", "Niveau", "Ghorofa", "الطابق"),
            ),
            Column(
                "name",
                N_("Apartment"),
                (
                    "Unit",
                    "Unit no",
                    "Apartment no",
                    "Unit number",
                    "Apartment name",
                    "Appartement",
                    "Lot",
                    "Nyumba",
                    "الشقة",
                ),
                required=True,
            ),
            Column("type", N_("Type"), ("Apartment type", "Aina", "النوع")),
            Column(
                "layout",
                N_("Layout"),
                (
                    "Plan",
                    "Unit type",
                    "Bedrooms",
                    "Disposition",
                    "Typologie",
                    "Mpangilio",
                    "المخطط",
                ),
            ),
            Column(
                "area",
                N_("Space (m2)"),
                (
                    "Area",
                    "Area sqm",
                    "Space",
                    "Size",
                    "Sqm",
                    "Area m2",
                    "Surface",
                    "Surface (m2)",
                    "Superficie",
                    "Eneo",
                    "Eneo (m2)",
                    "المساحة",
                    "المساحة (م2)",
                ),
                required=True,
            ),
            Column("view", N_("View"), ("Facing", "Vue", "Mandhari", "الإطلالة")),
            Column(
                "base_price",
                N_("Base price"),
                (
                    "List price",
                    "Price",
                    "Amount",
                    "Prix de base",
                    "Prix",
                    "Bei ya msingi",
                    "Bei",
                    "السعر الأساسي",
                    "السعر",
                ),
            ),
            Column("currency", N_("Currency"), ("Curr", "Ccy", "Devise", "Sarafu", "العملة")),
            Column(
                "packages",
                N_("Packages"),
                ("Package list", "Finitions", "Forfaits", "Vifurushi", "الباقات"),
            ),
            Column(
                "addons", N_("Add-ons"), ("Addons", "Extras", "Options", "Nyongeza", "الإضافات")
            ),
            Column("status", N_("Status"), ("State", "Statut", "Hali", "الحالة")),
        ),
    ),
)
TYPES = {
    "": ApartmentType.project,
    "partofaproject": ApartmentType.project,
    "project": ApartmentType.project,
    "template": ApartmentType.template,
    "standalone": ApartmentType.standalone,
    "partiedunprojet": ApartmentType.project,
    "modele": ApartmentType.template,
    "independant": ApartmentType.standalone,
    "sehemuyamradi": ApartmentType.project,
    "kiolezo": ApartmentType.template,
    "inayojitegemea": ApartmentType.standalone,
    "جزءمنمشروع": ApartmentType.project,
    "قالب": ApartmentType.template,
    "مستقلة": ApartmentType.standalone,
}
STATUSES = {
    "": ApartmentStatus.for_sale,
    "forsale": ApartmentStatus.for_sale,
    "available": ApartmentStatus.for_sale,
    "withdrawn": ApartmentStatus.withdrawn,
    "notforsale": ApartmentStatus.withdrawn,
    "template": ApartmentStatus.template,
    "avendre": ApartmentStatus.for_sale,
    "disponible": ApartmentStatus.for_sale,
    "retire": ApartmentStatus.withdrawn,
    "modele": ApartmentStatus.template,
    "inauzwa": ApartmentStatus.for_sale,
    "imeondolewa": ApartmentStatus.withdrawn,
    "kiolezo": ApartmentStatus.template,
    "للبيع": ApartmentStatus.for_sale,
    "مسحوبة": ApartmentStatus.withdrawn,
    "قالب": ApartmentStatus.template,
}
TAKEN = ("booked", "inprogress", "sold", "reserved")
