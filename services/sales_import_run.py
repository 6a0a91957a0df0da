"""Taking a judged price list in, set by set (services/sales_import_undo.py takes it back)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.db import uuid7
from core.work import Work
from models.builder import Import, ImportRow
from models.sales import Addon, AddonCategory, Package, PackageLevel, Project
from services import prices, sales
from services.imports import CHUNK, KINDS, Kind
from services.prices import Item
from services.sales_import import judge
from services.sales_import_undo import take_back
from services.sales_sheets import SHEETS
from services.sheets import kind_name

SMALL = ("projects", "packages", "addons", "limits")
"""Sheets of a few lines, which are taken in one by one before the first apartment."""


def take(work: Work, run: Import) -> bool:
    """Take in the small sheets, then the next chunk of apartments; say whether there is more."""
    small = (
        select(ImportRow)
        .where(
            ImportRow.import_id == run.id,
            func.split_part(ImportRow.sheet, ":", 1).in_(SMALL),
            ImportRow.action == "",
            ImportRow.problems == [],
        )
        .order_by(ImportRow.sheet, ImportRow.line)
    )
    rows = list(work.session.scalars(small))
    for sheet in SMALL:
        for row in rows:
            if kind_name(row.sheet) == sheet:
                _TAKE[sheet](work, row)
    work.session.flush()
    return _take_apartments(work, run) == CHUNK


def _take_project(work: Work, row: ImportRow) -> None:
    values = row.values
    found = work.session.scalar(select(Project).where(Project.name == values["name"]))
    fields = {name: values[name] for name in ("location", "amenities") if name in values}
    for name in ("latitude", "longitude"):
        if name in values:
            fields[name] = values[name] and Decimal(values[name])
    if found is None:
        new = Project(id=uuid7(), name=values["name"], currency=values["currency"], **fields)
        new.created_at = work.now
        sales.add_project(work, new)
        row.action, row.record_id = "create", new.id
        return
    _change(row, found, fields)


def _take_package(work: Work, row: ImportRow) -> None:
    values = row.values
    project = _project_named(work, values["project"])
    level = _level(work, values["level"])
    price = Decimal(values["price"])
    query = select(Package).where(Package.project_id == project.id, Package.name == values["name"])
    found = work.session.scalar(query)
    if found is None:
        new = Package(
            id=uuid7(),
            organization_id=project.organization_id,
            project_id=project.id,
            level_id=level.id,
            name=values["name"],
            price=price,
        )
        work.session.add(new)
        work.session.flush()
        row.action, row.record_id = "create", new.id
        return
    _change(row, found, {"level_id": level.id}, price=found.price, new_price=price)
    if found.price != price:
        prices.change(work, Item.package, found.id, price)


def _take_addon(work: Work, row: ImportRow) -> None:
    values = row.values
    project = _project_named(work, values["project"])
    category = _category(work, project, values["category"])
    price = Decimal(values["price_per_unit"])
    query = select(Addon).where(Addon.project_id == project.id, Addon.name == values["name"])
    found = work.session.scalar(query)
    fields = {"category_id": category.id, "max_units": values["max_units"]}
    if found is None:
        new = Addon(
            id=uuid7(),
            organization_id=project.organization_id,
            project_id=project.id,
            name=values["name"],
            price_per_unit=price,
            **fields,
        )
        work.session.add(new)
        work.session.flush()
        row.action, row.record_id = "create", new.id
        return
    _change(row, found, fields, price=found.price_per_unit, new_price=price)
    if found.price_per_unit != price:
        prices.change(work, Item.addon, found.id, price)


def _take_limit(work: Work, row: ImportRow) -> None:
    project = _project_named(work, row.values["project"])
    category = _category(work, project, row.values["name"])
    _change(row, category, {"max_units": row.values["max_units"]})


_TAKE = {
    "projects": _take_project,
    "packages": _take_package,
    "addons": _take_addon,
    "limits": _take_limit,
}


def _change(
    row: ImportRow,
    record: Any,
    fields: dict[str, Any],
    *,
    price: Decimal | None = None,
    new_price: Decimal | None = None,
) -> None:
    """Set what differs, and keep what was there. A price is carried on by its own service."""
    before = {name: getattr(record, name) for name in fields}
    row.record_id = record.id
    if before == fields and price == new_price:
        row.action = "keep"
        return
    kept = {**before, **({} if price is None else {"price": price})}
    row.action, row.before = "update", {name: _plain(value) for name, value in kept.items()}
    for name, value in fields.items():
        setattr(record, name, value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (Decimal, UUID)) else value


def _project_named(work: Work, name: str) -> Project:
    return work.session.scalars(select(Project).where(Project.name == name)).one()


def _level(work: Work, name: str) -> PackageLevel:
    level = work.session.scalar(select(PackageLevel).where(PackageLevel.name == name))
    if level is None:
        level = PackageLevel(id=uuid7(), organization_id=work.scope.home(), name=name)
        work.session.add(level)
        work.session.flush()
    return level


def _category(work: Work, project: Project, name: str) -> AddonCategory:
    query = select(AddonCategory).where(
        AddonCategory.project_id == project.id, AddonCategory.name == name
    )
    category = work.session.scalar(query)
    if category is None:
        category = AddonCategory(
            id=uuid7(), organization_id=project.organization_id, project_id=project.id, name=name
        )
        work.session.add(category)
        work.session.flush()
    return category


_LINES = """
CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT r.id AS row_id, r.organization_id, p.id AS project_id, r.values AS told,
    CASE WHEN p.id IS NULL THEN r.organization_id ELSE p.id END AS place_id, v.*
FROM import_row AS r
CROSS JOIN LATERAL (SELECT x.project, x.block, x.floor, x.name, x.type, x.layout, x.area, x.view,
        x.base_price, x.currency, x.packages, x.addons, x.status AS said
    FROM jsonb_to_record(r.values) AS x(project text, block text, floor int, name text, type text,
        layout text, area numeric, view text, base_price numeric, currency text, packages jsonb,
        addons jsonb, status text)) AS v
LEFT JOIN project AS p ON p.organization_id = r.organization_id AND p.name = v.project
WHERE r.import_id = CAST('{run}' AS uuid) AND r.sheet LIKE 'apartments%' AND r.action = ''
  AND r.problems = '[]' AND (p.id IS NOT NULL OR v.project IS NULL)
ORDER BY r.sheet, r.line LIMIT {most}
"""
# What the file does not tell stays as it is (services/sales_import.py, Row.said).
_CHUNK = """
CREATE TEMP TABLE chunk ON COMMIT DROP AS
SELECT n.row_id, n.organization_id, n.project_id, n.name, n.area, n.currency, a.id AS old_id,
    a.base_price AS old_price, coalesce(a.id, uuid_now()) AS new_id,
    coalesce(n.base_price, a.base_price, 0) AS base_price, s.*, old.*,
    CASE WHEN n.told ? 'packages' THEN ARRAY(SELECT k.id FROM package AS k
        WHERE k.organization_id = n.organization_id AND k.project_id = n.project_id
        AND n.packages ? k.name ORDER BY k.id) ELSE old.old_packages END AS package_ids,
    CASE WHEN n.told ? 'addons' THEN ARRAY(SELECT k.id FROM addon AS k
        WHERE k.organization_id = n.organization_id AND k.project_id = n.project_id
        AND n.addons ? k.name ORDER BY k.id) ELSE old.old_addons END AS addon_ids,
    a.id IS NOT NULL AND (a.type, a.status, a.block, a.floor, a.layout, a.area, a.view)
        IS DISTINCT FROM (s.type, s.status, s.block, s.floor, s.layout, n.area, s.view) AS differs,
    a.id IS NOT NULL AND EXISTS (SELECT FROM booking AS b WHERE b.organization_id =
        n.organization_id AND b.original_id = a.id AND b.status IN
        ('pending', 'in_progress', 'under_review', 'approved')) AS wanted
FROM line AS n
LEFT JOIN apartment AS a ON a.organization_id = n.organization_id AND a.name = n.name
 AND CASE WHEN a.project_id IS NULL THEN a.organization_id ELSE a.project_id END = n.place_id
 AND a.source_id IS NULL
CROSS JOIN LATERAL (SELECT coalesce(n.type, a.type, 'project') AS type,
    CASE WHEN a.status IN ('in_progress', 'booked', 'sold') THEN a.status
        WHEN coalesce(n.type, a.type) = 'template' THEN 'template'
        ELSE coalesce(n.said, a.status, 'for_sale') END AS status,
    CASE WHEN n.told ? 'floor' THEN n.floor ELSE a.floor END AS floor,
    coalesce(n.block, a.block, '') AS block, coalesce(n.layout, a.layout, '') AS layout,
    coalesce(n.view, a.view, '') AS view) AS s
CROSS JOIN LATERAL (SELECT
    ARRAY(SELECT l.package_id FROM apartment_package AS l WHERE l.organization_id =
        n.organization_id AND l.apartment_id = a.id ORDER BY l.package_id) AS old_packages,
    ARRAY(SELECT l.addon_id FROM apartment_addon AS l WHERE l.organization_id =
        n.organization_id AND l.apartment_id = a.id ORDER BY l.addon_id) AS old_addons) AS old
"""
_BEFORE = """
UPDATE import_row SET before = jsonb_build_object('type', a.type, 'status', a.status,
    'block', a.block, 'floor', a.floor, 'layout', a.layout, 'area', a.area, 'view', a.view,
    'base_price', a.base_price, 'packages', to_jsonb(c.old_packages),
    'addons', to_jsonb(c.old_addons))
FROM chunk AS c JOIN apartment AS a ON a.organization_id = c.organization_id AND a.id = c.old_id
WHERE import_row.organization_id = c.organization_id AND import_row.id = c.row_id
"""
_ACTION = """
UPDATE import_row SET record_id = c.new_id, action = CASE
    WHEN c.old_id IS NULL THEN 'create'
    WHEN c.differs OR c.old_price <> c.base_price OR c.old_packages <> c.package_ids
        OR c.old_addons <> c.addon_ids THEN 'update'
    ELSE 'keep' END
FROM chunk AS c
WHERE import_row.organization_id = c.organization_id AND import_row.id = c.row_id
"""
_UPDATE = """
UPDATE apartment AS a SET type = c.type, status = c.status, block = c.block, floor = c.floor,
    layout = c.layout, area = c.area, view = c.view,
    base_price = CASE WHEN c.wanted THEN a.base_price ELSE c.base_price END
FROM chunk AS c WHERE a.organization_id = c.organization_id AND a.id = c.old_id
  AND (c.differs OR (c.old_price <> c.base_price AND NOT c.wanted))
"""
_INSERT = """
INSERT INTO apartment (id, organization_id, project_id, type, status, flow_version, name, block,
    floor, layout, view, area, description, currency, base_price, created_at)
SELECT new_id, organization_id, project_id, type, status, 1, name, block, floor, layout, view, area,
    '', currency, base_price, :now FROM chunk WHERE old_id IS NULL
"""
_LISTS = """
DELETE FROM apartment_{kind} AS l USING chunk AS c WHERE l.organization_id = c.organization_id
  AND l.apartment_id = c.old_id AND l.{kind}_id <> ALL (c.{kind}_ids) AND NOT EXISTS (
    SELECT FROM {chosen} AS b WHERE b.organization_id = l.organization_id
      AND b.original_id = l.apartment_id AND b.{kind}_id = l.{kind}_id);
INSERT INTO apartment_{kind} (id, organization_id, apartment_id, {kind}_id)
SELECT uuid_now(), c.organization_id, c.new_id, item FROM chunk AS c, unnest(c.{kind}_ids) AS item
ON CONFLICT DO NOTHING
"""
_CREATED = """
INSERT INTO event (id, organization_id, type, version, subject_table, subject_id, sequence, data,
    actor, correlation_id, happened_at, source)
SELECT uuid_now(), organization_id, 'apartment.created', '1.0', 'apartment', new_id, 1,
    jsonb_build_object('apartment_id', new_id, 'project_id', project_id, 'name', name,
        'base_price', base_price::text, 'currency', currency),
    :actor, :correlation, :now, :source
FROM chunk WHERE old_id IS NULL
"""
_PRICED = """
INSERT INTO event (id, organization_id, type, version, subject_table, subject_id, sequence, data,
    actor, correlation_id, happened_at, source)
SELECT uuid_now(), organization_id, 'apartment.price_changed', '1.0', 'apartment', new_id, 0,
    jsonb_build_object('apartment_id', new_id, 'old', old_price::text, 'new', base_price::text,
        'currency', currency),
    :actor, :correlation, :now, :source
FROM chunk WHERE old_price <> base_price AND NOT wanted
"""


def _take_apartments(work: Work, run: Import) -> int:
    """Take in up to a chunk of apartments by a handful of statements. Returns how many."""
    session = work.session
    session.execute(text(_LINES.format(run=run.id, most=CHUNK)))
    # The planner knows nothing of a table made a moment ago, and would compare all with all.
    session.execute(text("ANALYZE line"))
    session.execute(text(_CHUNK))
    session.execute(text("ANALYZE chunk"))
    told = {
        "actor": str(work.actor),
        "correlation": work.correlation_id,
        "now": work.now,
        "source": work.source,
    }
    for statement in (_BEFORE, _ACTION, _UPDATE):
        session.execute(text(statement))
    session.execute(text(_INSERT), {"now": work.now})
    for kind, chosen in (("package", "booking"), ("addon", "booking_addon")):
        for statement in _LISTS.format(kind=kind, chosen=chosen).split(";"):
            session.execute(text(statement))
    session.execute(text(_CREATED), told)
    session.execute(text(_PRICED), told)
    wanted = session.execute(
        text("SELECT new_id, base_price FROM chunk WHERE wanted AND old_price <> base_price")
    ).all()
    count = session.scalar(text("SELECT count(*) FROM chunk")) or 0
    session.execute(text("DROP TABLE chunk, line"))
    for row in wanted:  # few: those that somebody is buying right now
        prices.change(work, Item.apartment, row.new_id, row.base_price)
    session.expire_all()
    return count


KINDS["sales"] = Kind(SHEETS, judge, take, take_back)
