"""Flask-AppBuilder 5.3, mended. Everything of it that our views inherit from is taken from here.

Their tests are tests/views/test_fab.py; when an upgrade makes a mend needless, delete both.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, abort, current_app, request
from flask_appbuilder import ModelRestApi, ModelView, expose
from flask_appbuilder.api.convert import Model2SchemaConverter
from flask_appbuilder.models.sqla import filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from marshmallow_sqlalchemy import SQLAlchemyAutoSchema
from sqlalchemy import Uuid, false, select
from sqlalchemy.orm import SynonymProperty

from core.errors import Refused
from views.refusals import answer, in_words


def parsed(value: Any) -> UUID | None:
    """Read an id; None for one that is malformed."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None


class UuidEqual(filters.FilterEqual):  # type: ignore[misc]
    """Filter on a uuid; one that is malformed equals nothing."""

    def apply(self, query: Any, value: Any) -> Any:
        """Narrow the query."""
        query, field = filters.get_field_setup_query(query, self.model, self.column_name)
        wanted = parsed(value)
        return query.filter(field == wanted if wanted else false())


class FilterConverter(filters.SQLAFilterConverter):  # type: ignore[misc]
    """It has no filter for columns of type Uuid."""

    conversion_table = (*filters.SQLAFilterConverter.conversion_table, ("is_uuid", [UuidEqual]))


class SchemaConverter(Model2SchemaConverter):  # type: ignore[misc]
    """Foreign keys in a schema: marshmallow 3 guessed their fields, 4 must be told to."""

    def _meta_schema_factory(
        self,
        columns: list[str],
        model: Any,
        class_mixin: type,
        parent_schema_name: str | None = None,
    ) -> type:
        meta = {
            "model": model,
            "load_instance": True,
            "include_fk": True,
            "sqla_session": current_app.extensions["appbuilder"].session,
            "parent_schema_name": parent_schema_name,
        }
        if columns:
            meta["fields"] = columns
        bases = (SQLAlchemyAutoSchema, class_mixin)
        return type("MetaSchema", bases, {"Meta": type("Meta", (), meta)})


# Also under its own APIs of users and roles, which do not start otherwise.
ModelRestApi.model2schemaconverter = SchemaConverter


class Interface(SQLAInterface):  # type: ignore[misc]
    """The rows behind a view: a malformed id is not found, and errors are sentences."""

    filter_converter_class = FilterConverter

    def __init__(self, obj: Any, session: Any = None) -> None:
        """Forget second names of columns: it takes every property for one with columns."""
        super().__init__(obj, session)
        synonyms = [
            name for name, each in self.list_properties.items() if isinstance(each, SynonymProperty)
        ]
        for name in synonyms:
            del self.list_properties[name]

    def is_uuid(self, column: str) -> bool:
        """Whether the column is a uuid; asked by this name because of `conversion_table`."""
        return column in self.list_columns and isinstance(self.list_columns[column].type, Uuid)

    def get(self, id: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002
        """Load one row, or None."""
        wanted = parsed(id) if self.is_uuid(self.get_pk_name()) else id
        return None if wanted is None else super().get(wanted, *args, **kwargs)

    def get_related_obj(self, col_name: str, value: Any) -> Any:
        """Load what a form names, through the scope: a row out of sight is none."""
        related = self.get_related_interface(col_name)
        key = related.get_pk()
        wanted = parsed(value) if related.is_uuid(key.key) else value
        return self.session.scalar(select(related.obj).where(key == wanted))

    def add(self, item: Any, commit: bool = True) -> None:  # noqa: FBT001, FBT002
        """Insert a row."""
        with in_words(self.session):
            self.session.add(item)
            self._finish(commit)

    def edit(self, item: Any, commit: bool = True) -> None:  # noqa: FBT001, FBT002
        """Save a changed row."""
        with in_words(self.session):
            self.session.merge(item)
            self._finish(commit)

    def delete(self, item: Any, commit: bool = True) -> None:  # noqa: FBT001, FBT002
        """Delete a row."""
        with in_words(self.session):
            self._delete_files(item)
            self.session.delete(item)
            self._finish(commit)

    def _finish(self, commit: bool) -> None:  # noqa: FBT001
        if commit:
            self.session.commit()


class View(ModelView):  # type: ignore[misc]
    """A screen: no sentence of the database's own reaches it, and its buttons stay in scope."""

    def _add(self) -> Any:
        with self.datamodel.session.no_autoflush:  # a lookup must not flush before Interface.add
            return super()._add()

    def _edit(self, pk: Any) -> Any:
        with self.datamodel.session.no_autoflush:
            return super()._edit(pk)

    def pre_update(self, _item: Any) -> None:
        """Let the database judge already here: later it would be shown as "Database Error"."""
        with in_words(self.datamodel.session):
            self.datamodel.session.flush()

    @expose("/action/<string:name>/<pk>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def action(self, name: str, pk: str) -> Response:
        """Press a button on one row."""
        if name not in self.actions or not self.datamodel.get(pk, self._base_filters):
            abort(404)
        response: Response = super().action(name, pk)
        return response

    @expose("/action_post", methods=["POST"])  # type: ignore[untyped-decorator]
    def action_post(self) -> Response:
        """Press a button on many rows; those out of scope are passed over."""
        name = request.form.get("action", "")
        if name not in self.actions:
            abort(404)
        permission = self.get_action_permission_name(name)
        if not self.appbuilder.sm.has_access(permission, self.class_permission_name):
            abort(403)
        rows = [self.datamodel.get(pk, self._base_filters) for pk in request.form.getlist("rowid")]
        response: Response = self.actions[name].func([row for row in rows if row])
        return response


def _uuid_route(name: str, method: str) -> Callable[..., Response]:
    """Take over a method whose route, or whose documentation, says that ids are integers."""
    inherited = getattr(ModelRestApi, name)

    def route(self: ModelRestApi, pk: str, **kwargs: Any) -> Response:
        response: Response = inherited(self, pk, **kwargs)
        return response

    route.__name__ = name
    route.__doc__ = inherited.__doc__.replace("type: integer\n            name: pk", UUID_IN_PATH)
    route._permission_name = inherited._permission_name  # type: ignore[attr-defined]  # noqa: SLF001
    exposed: Callable[..., Response] = expose("/<pk>", methods=[method])(route)
    return exposed


UUID_IN_PATH = "type: string\n              format: uuid\n            name: pk"


def _answering(call: Callable[..., Response], *args: Any) -> Response:
    try:
        return call(*args)
    except Refused as refusal:
        return answer(refusal)


class Api(ModelRestApi):  # type: ignore[misc]
    """REST: uuids in the path, and refusals as problem details."""

    get = _uuid_route("get", "GET")
    put = _uuid_route("put", "PUT")
    delete = _uuid_route("delete", "DELETE")

    def post_headless(self) -> Response:
        """Add a row."""
        return _answering(super().post_headless)

    def put_headless(self, pk: str) -> Response:
        """Change a row."""
        return _answering(super().put_headless, pk)

    def delete_headless(self, pk: str) -> Response:
        """Delete a row."""
        return _answering(super().delete_headless, pk)
