"""Papers on their way to paper: letterhead with the logo, and a code that proves them ours."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from adapters import documents
from adapters.storage import NotStored, Storage

SIGNED = ("title", "dated", "amount", "by")
"""What the code of a paper proves: whoever holds the paper can compare it."""


@dataclass(frozen=True, slots=True)
class Press:
    """Where papers are made: whose storage, whose secret, and the page that knows its codes."""

    storage: Storage
    secret: str
    page: str

    def proof(self, said: Mapping[str, str]) -> str:
        """Prove what a paper says: nobody without our secret finds this code for it."""
        text = "\0".join(said[name] for name in SIGNED)
        key = b"paper" + self.secret.encode()
        letters = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16].upper()
        return "-".join(letters[at : at + 4] for at in range(0, 16, 4))

    def prints(
        self, template: str, said: Mapping[str, str], data: Mapping[str, Any], at: datetime
    ) -> bytes:
        """Set a paper as PDF; `said` is what it can be proved by, nothing for a leaflet."""
        whole = dict(data) | {"organization": self._headed(data["organization"])}
        if said:
            code = self.proof(said)
            link = f"{self.page}?{urlencode({**said, 'code': code})}"
            whole["verification"] = {"url": self.page, "link": link, "code": code}
        return documents.render(template, whole, at)

    def _headed(self, organization: Mapping[str, Any]) -> dict[str, Any]:
        """Put the logo itself where its key stood; one that is lost is left out."""
        plain = {name: value for name, value in organization.items() if name != "logo"}
        if "logo" not in organization:
            return plain
        try:
            with self.storage.open(organization["logo"]) as file:
                return plain | {"logo": file.read()}
        except NotStored:
            return plain
