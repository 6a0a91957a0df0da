"""Taking back what an imported price list brought, last things first."""

from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import Base
from core.work import Work
from models.builder import Import, ImportRow
from models.sales import Addon, AddonCategory, Package, Project
from services import prices
from services.prices import Item

SMALL: tuple[tuple[type[Base], str], ...] = (
    (AddonCategory, "limits"),
    (Addon, "addons"),
    (Package, "packages"),
    (Project, "projects"),
)
PRICED = {"addons": Item.addon, "packages": Item.package}


def take_back(work: Work, run: Import) -> tuple[int, int]:
    """Undo, last things first: what is in use by now stays as it is."""
    values = {"import": run.id}
    work.session.execute(text(_UNDONE.format(run=run.id)))
    # Whichever side the planner goes through, it finds a row of the other by its key.
    work.session.execute(text("CREATE INDEX ON undone (id); ANALYZE undone"))
    work.session.execute(text(_FREE))
    back = work.session.execute(text(_DELETE)).rowcount  # type: ignore[attr-defined]
    for kind in ("package", "addon"):
        for statement in _RESTORE_LIST.format(kind=kind).split(";"):
            work.session.execute(text(statement))
    told = {"actor": str(work.actor), "correlation": work.correlation_id, "now": work.now}
    work.session.execute(text(_PRICED), told | {"source": work.source})
    back += work.session.execute(text(_RESTORE)).rowcount  # type: ignore[attr-defined]
    work.session.execute(text("DROP TABLE undone"))
    work.session.expire_all()
    for model, sheet in SMALL:
        back += _restore_small(work, run, model, sheet)
    for model, sheet in ((Addon, "addons"), (Package, "packages")):
        back += _take_back_small(work.session, run, model, sheet)
    work.session.execute(text(_EMPTY_CATEGORIES), values)
    back += _take_back_small(work.session, run, Project, "projects")
    touched = text(
        "SELECT count(*) FROM import_row WHERE import_id = :import"
        " AND action IN ('create', 'update')"
    )
    return back, (work.session.scalar(touched, values) or 0) - back


def _restore_small(work: Work, run: Import, kind: type[Base], sheet: str) -> int:
    """Give back to what the import had changed what it held before; prices reach open bookings."""
    query = select(ImportRow.record_id, ImportRow.before).where(
        _of(run, sheet), ImportRow.action == "update"
    )
    back = 0
    for record_id, before in work.session.execute(query).all():
        record = work.session.get(kind, record_id)
        if record is None:
            continue
        for name in set(before) - {"price"}:
            setattr(record, name, _typed(kind, name, before[name]))
        work.session.flush()
        if "price" in before:
            prices.change(work, PRICED[sheet], record_id, Decimal(before["price"]))
        back += 1
    return back


def _typed(kind: type[Base], name: str, value: Any) -> Any:
    """Read a value that was kept as JSON as what its column holds."""
    return value if value is None else getattr(kind, name).type.python_type(value)


def _of(run: Import, sheet: str) -> Any:
    same = func.split_part(ImportRow.sheet, ":", 1) == sheet
    return (ImportRow.import_id == run.id) & same


def _take_back_small(session: Session, run: Import, kind: type[Base], sheet: str) -> int:
    """Delete what the import had made, where nothing else needs it by now."""
    query = select(ImportRow.record_id).where(_of(run, sheet), ImportRow.action == "create")
    back = 0
    for record_id in session.scalars(query).all():
        try:
            with session.begin_nested():
                session.delete(session.get_one(kind, record_id))
                session.flush()
        except IntegrityError:
            continue
        back += 1
    return back


_UNDONE = """
CREATE TEMP TABLE undone ON COMMIT DROP AS
SELECT r.organization_id, r.record_id AS id, r.action, r.before FROM import_row AS r
WHERE r.import_id = CAST('{run}' AS uuid) AND r.sheet LIKE 'apartments%'
  AND r.action IN ('create', 'update') AND NOT EXISTS (SELECT FROM booking AS b
    WHERE b.organization_id = r.organization_id AND b.original_id = r.record_id)
"""
_FREE = """
DELETE FROM apartment_package AS l USING undone AS r
WHERE l.organization_id = r.organization_id AND l.apartment_id = r.id AND r.action = 'create'
"""
_DELETE = """
DELETE FROM apartment AS a USING undone AS r
WHERE a.organization_id = r.organization_id AND a.id = r.id AND r.action = 'create'
"""
_PRICED = """
INSERT INTO event (id, organization_id, type, version, subject_table, subject_id, sequence, data,
    actor, correlation_id, happened_at, source)
SELECT uuid_now(), a.organization_id, 'apartment.price_changed', '1.0', 'apartment', a.id, 0,
    jsonb_build_object('apartment_id', a.id, 'old', a.base_price::text,
        'new', r.before ->> 'base_price', 'currency', a.currency),
    :actor, :correlation, :now, :source
FROM undone AS r JOIN apartment AS a ON a.organization_id = r.organization_id AND a.id = r.id
WHERE r.action = 'update' AND a.base_price <> (r.before ->> 'base_price')::numeric
"""
_RESTORE = """
UPDATE apartment AS a SET type = r.before ->> 'type', status = r.before ->> 'status',
    block = r.before ->> 'block', floor = (r.before ->> 'floor')::int,
    layout = r.before ->> 'layout', area = (r.before ->> 'area')::numeric,
    view = r.before ->> 'view', base_price = (r.before ->> 'base_price')::numeric
FROM undone AS r
WHERE a.organization_id = r.organization_id AND a.id = r.id AND r.action = 'update'
"""
_RESTORE_LIST = """
DELETE FROM apartment_{kind} AS l USING undone AS r
WHERE l.organization_id = r.organization_id AND l.apartment_id = r.id AND r.action = 'update';
INSERT INTO apartment_{kind} (id, organization_id, apartment_id, {kind}_id)
SELECT uuid_now(), a.organization_id, a.id, item::uuid
FROM undone AS r JOIN apartment AS a ON a.organization_id = r.organization_id AND a.id = r.id,
    jsonb_array_elements_text(r.before -> '{kind}s') AS item
WHERE r.action = 'update'
"""
_EMPTY_CATEGORIES = """
DELETE FROM addon_category AS c USING import_row AS r
WHERE r.import_id = :import AND split_part(r.sheet, ':', 1) = 'projects' AND r.action = 'create'
  AND c.organization_id = r.organization_id AND c.project_id = r.record_id
  AND NOT EXISTS (SELECT FROM addon AS a WHERE a.organization_id = c.organization_id
      AND a.category_id = c.id)
"""
