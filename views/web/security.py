"""Flask-AppBuilder's security manager, told where users, roles and permissions are here.

Permissions are those of services/access.py, roles hang on the membership, and who somebody is was
found by views/web/sessions.py (browsers) or is found here (programs, inside `@protect`).
"""

from typing import Any

from flask import Response, current_app, g, request
from flask_appbuilder.api import BaseApi, expose, safe
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_jwt_extended import create_access_token, decode_token

from core import db
from core.errors import Refused
from core.work import clock
from models.organizations import CredentialKind
from services import second_factor, sign_in
from views.web import person
from views.web.outside import OutsideView
from views.web.passwords import PasswordView
from views.web.refusals import answer
from views.web.sign_in import SignInView

KEY_PREFIX = "mk_"


class SecurityApi(BaseApi):  # type: ignore[misc]
    """Tokens for programs: by user name and password, for a quarter of an hour."""

    resource_name = "security"
    version = "v1"
    openapi_spec_tag = "Security"

    def add_apispec_components(self, api_spec: Any) -> None:
        """Describe both kinds of bearers."""
        super().add_apispec_components(api_spec)
        jwt = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        api_spec.components.security_scheme("jwt", jwt)
        api_spec.components.security_scheme("api_key", {"type": "http", "scheme": "bearer"})

    @expose("/login", methods=["POST"])  # type: ignore[untyped-decorator]
    @safe  # type: ignore[untyped-decorator]
    def login(self) -> Response:
        """Sign in; the token works for 15 minutes, or until it is ended.

        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [username, password]
                  properties:
                    username: {type: string}
                    password: {type: string}
                    code: {type: string, description: Second factor, where one is in force}
                    provider: {type: string, enum: [db]}
          responses:
            200:
              description: Signed in
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      access_token: {type: string}
            400:
              $ref: '#/components/responses/400'
            401:
              $ref: '#/components/responses/401'
        """
        given = request.get_json(silent=True)
        fields = ("username", "password")
        if not isinstance(given, dict) or not all(
            isinstance(given.get(each), str) and "\0" not in given[each] for each in fields
        ):
            unread: Response = self.response_400(message="username and password are texts")
            return unread
        door = db.door()
        try:
            profile = sign_in.check(door, given["username"], given["password"], clock())
            if profile.two_factor_enabled:
                second_factor.check(door, profile.id, str(given.get("code", "")), clock())
            token = create_access_token(identity=str(profile.ab_user_id), fresh=True)
            sign_in.open_for(
                door,
                profile.id,
                CredentialKind.token,
                clock(),
                secret=decode_token(token)["jti"],
                address=request.remote_addr or "",
                user_agent=request.user_agent.string,
            )
        except Refused as refusal:
            door.commit()  # the wrong try is counted
            return answer(refusal)
        door.commit()
        response: Response = self.response(200, access_token=token)
        return response


class Security(SecurityManager):  # type: ignore[misc]
    """The seam to Flask-AppBuilder's security."""

    def create_login_manager(self, app: Any) -> Any:
        """Ask nobody: the person is known before Flask-Login is asked."""
        manager = super().create_login_manager(app)
        manager.session_protection = None
        manager.anonymous_user = person.Visitor
        manager.login_view = "SignInView.login"
        manager.request_loader(lambda _request: g.get("person"))
        return manager

    @staticmethod
    def before_request() -> None:
        """Leave `g.user` as views/web/person.py has set it."""

    def create_db(self) -> None:
        """Leave the tables to Alembic, and the roles to `flask prepare`."""

    def register_views(self) -> None:
        """Register the sign-in and the tokens, and none of the screens over users of everybody."""
        tokens = self.appbuilder.add_api(SecurityApi)
        self.auth_view = SignInView()
        self.appbuilder.add_view_no_menu(self.auth_view)
        forgotten = self.appbuilder.add_view_no_menu(PasswordView())
        outside = self.appbuilder.add_view_no_menu(OutsideView())
        if self.is_auth_limited:
            limit = current_app.config["FORGOTTEN_RATE_LIMIT"]
            self.limiter.limit(limit, methods=["POST"])(forgotten.blueprint)
            self.limiter.limit(current_app.config["OUTSIDE_RATE_LIMIT"])(outside.blueprint)
            for door in (self.auth_view, tokens):
                # An office signs in from one address, in one minute: wrong tries alone count.
                self.limiter.limit(self.auth_rate_limit, methods=["POST"], deduct_when=_refused)(
                    door.blueprint
                )

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether the person at hand holds the verb (`can_<verb>`) on the table or page."""
        return bool(g.user.may(permission_name.removeprefix("can_"), view_name))

    def is_item_public(self, permission_name: str, view_name: str) -> bool:  # noqa: ARG002
        """Nothing of the generated screens is public."""
        return False

    def get_user_menu_access(self, menu_names: Any = None) -> set[str]:  # noqa: ARG002
        """The menu is made from the screens, by views/admin/menu.py."""
        return set()

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> Any:
        """Find who the token is of; only now, inside @protect, is it known."""
        return self._recognised(jwt_data["jti"], CredentialKind.token)

    @staticmethod
    def extract_api_key_from_request() -> str | None:
        """Tell a key from a token by its first letters."""
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        return bearer if scheme == "Bearer" and bearer.startswith(KEY_PREFIX) else None

    def validate_api_key(self, api_key_string: str) -> Any:
        """Find whose key it is."""
        return self._recognised(api_key_string, CredentialKind.api_key)

    def _recognised(self, secret: str, kind: CredentialKind) -> Any:
        identity = sign_in.identify(db.door(), secret, clock())
        db.door().commit()
        if identity is None or identity.kind is not kind:
            return None
        person.recognise(identity, secret)
        return g.person


def _refused(response: Response) -> bool:
    return bool(response.status_code >= 400)
