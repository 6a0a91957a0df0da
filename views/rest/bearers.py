"""Who a program acts for: a token or an API key in the header, and never a cookie."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, request
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from core.errors import Refused
from core.text import N_
from views.web import enrolment
from views.web.person import person
from views.web.refusals import answer

Handler = Callable[..., Any]


class NoBearer(Refused):
    """There is no token or key, or it is unknown, over or ended."""

    code = "not_signed_in"
    status = 401
    says = N_("Send a valid token or API key: Authorization: Bearer ...")


def recognise() -> None:
    """Take up who the bearer in the header belongs to.

    Raises:
        NoBearer: there is none that counts.

    """
    security = current_app.extensions["appbuilder"].sm
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer or not bearer.isascii():
        raise NoBearer
    if security.extract_api_key_from_request():
        found = security.validate_api_key(bearer)
    else:
        try:
            found = security.load_user_jwt({}, decode_token(bearer))
        except (PyJWTError, JWTExtendedException, KeyError):
            found = None
    at_hand = person()
    if found is None or at_hand is None:
        raise NoBearer
    enrolment.check_program(at_hand)


def answering(handler: Handler) -> Handler:
    """Say refusals as problem details."""

    @wraps(handler)
    def said(*args: Any, **values: Any) -> Any:
        try:
            recognise()
            return handler(*args, **values)
        except Refused as refusal:
            return answer(refusal)

    return said
