"""The composition root: the one place which knows every part."""

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from redis import Redis

import models
from core import box, db, log
from core.db import Base
from dashboards import site as dashboards
from migrations.build import Owner
from views import home, screens
from views.admin import menu, registry, words
from views.web import (
    checks,
    compression,
    edges,
    enrolment,
    freshness,
    health,
    person,
    sessions,
    webhooks,
)
from views.web.security import Security
from workers import commands

assert models.__all__, "importing models is what fills the metadata"


def create_app(**settings: object) -> Flask:
    """Build the application; `settings` go before the environment's. Nothing opens at import."""
    app = Flask(__name__)
    app.config.from_object("config")
    app.config.update(settings)
    log.configure(as_json=app.config["LOG_JSON"], level=app.config["LOG_LEVEL"])
    box.use_keys(app.config["SECRET_KEY"], *app.config["SECRET_KEYS_BEFORE"])
    db.init_app(app)
    Migrate(app, Owner(app.extensions["engines"]["owner"], Base.metadata), directory="migrations")
    app.extensions["redis"] = Redis.from_url(app.config["REDIS_URL"])
    sessions.init_app(app)
    CSRFProtect(app)  # once it is known who asks
    person.init_app(app)
    edges.init_app(app)
    enrolment.init_app(app)
    menu.init_app(app)
    compression.init_app(app)
    freshness.init_app(app)
    health.init_app(app)
    words.init_app(app)
    with app.app_context():
        appbuilder = AppBuilder(
            app, db.session, security_manager_class=Security, indexview=home.Index
        )
        # After Flask-AppBuilder's own, which knows neither profiles nor organizations.
        Babel(app, locale_selector=edges.locale, timezone_selector=edges.time_zone)
        screens.register(appbuilder)
        dashboards.init_app(app)
    webhooks.init_app(app)
    checks.init_app(app)
    commands.init_app(app, prepare_permissions)
    return app


def prepare_permissions(app: Flask) -> None:
    """Write Flask-AppBuilder's permissions and the roles of services/access.py, as the owner."""
    db.use(app, "owner")
    with app.app_context():
        appbuilder = app.extensions["appbuilder"]
        registry.write_roles(appbuilder.sm)  # first, as it gives permissions to its own role Admin
        appbuilder.add_permissions(update_perms=True)
        registry.write_roles(appbuilder.sm)
    db.use(app, "web")
