"""The OpenAPI document at /api/v1/_openapi. It tells no secret, so everybody may read it."""

from typing import Any

from apispec import APISpec
from flask import current_app, request
from flask_appbuilder.api import BaseApi, expose


class OpenApi(BaseApi):  # type: ignore[misc]
    """The document, from all resources."""

    route_base = "/api"
    version = "v1"

    def add_api_spec(self, api_spec: Any) -> None:
        """Leave the document out of the document."""

    @expose("/v1/_openapi", methods=["GET"])  # type: ignore[untyped-decorator]
    def get(self) -> Any:
        """Write the document."""
        spec = APISpec(
            title=current_app.config["APP_NAME"],
            version="v1",
            openapi_version="3.0.3",
            info={"description": "Errors are problem documents as RFC 9457 says."},
            servers=[{"url": request.host_url.rstrip("/")}],
        )
        for each in current_app.extensions["appbuilder"].baseviews:
            if isinstance(each, BaseApi):
                each.add_api_spec(spec)
        return self.response(200, **spec.to_dict())
