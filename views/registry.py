"""Admin screens as data. Domains declare Screens; here they become views and REST resources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder import AppBuilder
from sqlalchemy import select

from core.db import Base
from core.work import Work
from services import access
from views import acts
from views.acts import Act
from views.fab import Api, Interface, View

# Flask-AppBuilder makes a permission of every method; roles are readable with two and the verbs.
READ = ("list", "show", "download", "get", "get_list", "info")
WRITE = ("add", "edit", "post", "put", "delete")
READ_WRITE = dict.fromkeys(READ, "read") | dict.fromkeys(WRITE, "write")


@dataclass(frozen=True, slots=True)
class Screen:
    """One model in the admin. Columns are space-separated, so that a screen reads in one glance."""

    model: type[Base]
    menu: str
    columns: str
    form: str = ""
    search: str = ""
    order: str = "id desc"
    acts: Sequence[Act] = ()
    before_save: Callable[[Work, Any], None] | None = None
    details: Sequence[type[Base]] = ()
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The table's name: of the address, of the permission, of the REST resource."""
        return self.model.__tablename__


def register(appbuilder: AppBuilder, screens: Sequence[Screen]) -> None:
    """Build a view and an API per screen, detail screens first, and hang the view on the menu."""
    views: dict[type[Base], type[View]] = {}
    waiting = list(screens)
    while waiting:
        ready = [s for s in waiting if all(detail in views for detail in s.details)]
        assert ready, f"details in a circle: {[s.name for s in waiting]}"
        for screen in ready:
            views[screen.model] = _view(screen, [views[detail] for detail in screen.details])
            waiting.remove(screen)
    for screen in screens:
        appbuilder.add_view(views[screen.model], screen.name, category=screen.menu)
        appbuilder.add_api(_api(screen))


def _shared(screen: Screen) -> dict[str, Any]:
    """What a view and its API have in common."""
    column, direction = screen.order.split()
    form, columns = screen.form.split(), screen.columns.split()
    unknown = [name for name in [*columns, *form] if not hasattr(screen.model, name)]
    assert not unknown, f"{screen.name} has no {unknown}"
    return {
        "datamodel": Interface(screen.model),
        "class_permission_name": screen.name,
        "method_permission_name": READ_WRITE | {act.name: act.name for act in screen.acts},
        "add_columns": form,
        "edit_columns": form,
        "search_columns": (screen.search or screen.columns).split(),
        "base_order": (column, direction),
        "label_columns": screen.labels,
    }


def _view(screen: Screen, details: Sequence[type[View]]) -> type[View]:
    # A row with acts has a life of its own: it is cancelled, never deleted.
    by_hand = {"add", "edit"} if screen.acts else {"add", "edit", "delete"}
    allowed = {"list", "show", "download", "action", "action_post"}
    attributes = _shared(screen) | {
        "include_route_methods": allowed | (by_hand if screen.form else set()),
        "list_columns": screen.columns.split(),
        "related_views": list(details),
    }
    attributes |= {act.name: acts.button(act) for act in screen.acts}
    attributes |= acts.guards(View, screen.before_save)
    attributes["route_base"] = f"/admin/{screen.name}"
    return type(f"{screen.model.__name__}Admin", (View,), attributes)


def _api(screen: Screen) -> type[Api]:
    by_hand = {"post", "put"} if screen.acts else {"post", "put", "delete"}
    allowed = {"get", "get_list", "info"} | {act.name for act in screen.acts}
    shown = ["id", *dict.fromkeys([*screen.columns.split(), *screen.form.split()])]
    attributes = _shared(screen) | {
        "resource_name": screen.model.__tablename__,
        "include_route_methods": allowed | (by_hand if screen.form else set()),
        "list_columns": shown,
        "show_columns": shown,
        "search_columns": ["id", *(screen.search or screen.columns).split()],
    }
    attributes |= {act.name: acts.endpoint(act) for act in screen.acts}
    attributes |= acts.guards(Api, screen.before_save)
    return type(f"{screen.model.__name__}Api", (Api,), attributes)


def write_roles(security: Any) -> None:
    """Write the roles of services/access.py as Flask-AppBuilder's, for who reads them there."""
    for role in (*access.ROLES, *access.LATER, "Public"):
        held = [
            pair
            for pair in security.session.scalars(select(security.permissionview_model))
            if access.allows(
                [role], pair.view_menu.name, pair.permission.name.removeprefix("can_")
            )
        ]
        found = security.find_role(role) or security.add_role(role)
        found.permissions = held
    security.session.commit()
