"""A small application as Flask-AppBuilder makes them: the same apartments, nothing of ours.

It has a database of its own on the same server, tables and indexes like ours, and asks for no
row-level security. What its documentation offers against slow pages is used: columns by name, a page
size, permissions that are not written at each start.
"""

import os
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelRestApi, ModelView
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import DateTime, ForeignKey, Numeric, String, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

COLUMNS = ["name", "status", "project", "type", "block", "floor", "layout", "view", "area"]
COLUMNS += ["base_price", "customer"]


class Project(Model):  # type: ignore[misc]
    """A building site."""

    __tablename__ = "project"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(120), unique=True)

    def __repr__(self) -> str:
        return self.name


class Party(Model):  # type: ignore[misc]
    """A customer."""

    __tablename__ = "party"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(120))

    def __repr__(self) -> str:
        return self.name


class Apartment(Model):  # type: ignore[misc]
    """What is listed."""

    __tablename__ = "apartment"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"), index=True)
    type: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(60), index=True)
    block: Mapped[str] = mapped_column(String(40), default="")
    floor: Mapped[int | None]
    layout: Mapped[str] = mapped_column(String(80), default="")
    view: Mapped[str] = mapped_column(String(80), default="")
    area: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    description: Mapped[str] = mapped_column(String(4000), default="")
    currency: Mapped[str] = mapped_column(String(3))
    base_price: Mapped[Decimal] = mapped_column(Numeric(19, 4))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    project: Mapped[Project | None] = relationship()
    customer: Mapped[Party | None] = relationship()


class ApartmentView(ModelView):  # type: ignore[misc]
    """The list as it comes."""

    route_base = "/apartments"
    datamodel = SQLAInterface(Apartment)
    list_columns = COLUMNS
    base_order = ("name", "asc")
    page_size = 25


class ApartmentApi(ModelRestApi):  # type: ignore[misc]
    """The resource as it comes, with what ours gives of a row."""

    resource_name = "apartment"
    datamodel = SQLAInterface(Apartment)
    list_columns: ClassVar[list[str]] = [
        *(each for each in COLUMNS if each not in {"project", "customer"}),
        *("project.id", "project.name", "customer.id", "customer.name"),
        *("currency", "description", "created_at"),
    ]
    show_columns: ClassVar[list[str]] = ["name"]  # forms are not what is measured
    add_columns: ClassVar[list[str]] = ["name"]
    edit_columns: ClassVar[list[str]] = ["name"]
    base_order = ("name", "asc")


def create_app(*, prepare: bool = False) -> Flask:
    """Build it on STOCK_DATABASE_URL; `prepare` makes the tables and somebody who may sign in."""
    app = Flask(__name__)
    settings: dict[str, Any] = {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "SQLALCHEMY_DATABASE_URI": os.environ["STOCK_DATABASE_URL"],
        "FAB_UPDATE_PERMS": prepare,
        "RATELIMIT_ENABLED": False,
    }
    app.config.update(settings)
    database = SQLA(model_class=Model)
    database.init_app(app)
    with app.app_context():
        if prepare:
            Model.metadata.create_all(database.engine)
        builder = AppBuilder(app, database.session)
        builder.add_view(ApartmentView, "Apartments")
        builder.add_api(ApartmentApi)
        if prepare:
            admin = builder.sm.find_role("Admin")
            password = os.environ["STOCK_PASSWORD"]
            builder.sm.add_user("admin", "Ada", "Min", "admin@example.org", admin, password)
    return app


if __name__ == "__main__":
    create_app(prepare=True)
