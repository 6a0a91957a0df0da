"""What a provider's double is to the server: its routes, its words, its way to sign."""

import hmac
import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from doubles.base.books import Books, Letter, No
from doubles.base.faults import Faults

Answer = tuple[int, dict[str, Any]]
CONTROL = (
    ("GET", r"/_/books", "totals"),
    ("GET", r"/_/faults", "show_faults"),
    ("PUT", r"/_/faults", "set_faults"),
    ("POST", r"/_/notices/([\w.-]+)", "resend"),
    ("POST", r"/_/disputes/([\w.-]+)", "dispute"),
    ("PUT", r"/_/disputes/([\w.-]+)", "end_dispute"),
)
"""What tests ask, beside the provider's own routes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks of the provider."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read the body as an object of JSON."""
        try:
            asked = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise No(400, "bad_json", "The body is no JSON.") from error
        if not isinstance(asked, dict):
            raise No(400, "bad_json", "The body is no JSON object.")
        return asked

    def form(self) -> dict[str, str]:
        """Read the body as the fields of a form."""
        pairs = parse_qs(self.body.decode(errors="replace"), max_num_fields=100)
        return {name: values[0][:2000] for name, values in pairs.items()}


@dataclass(slots=True)
class Counter:
    """One provider. Subclasses name their routes and their words; `address` has no slash behind.

    `webhook_url` is where notices go that name no address of their own, as set in a dashboard.
    """

    books: Books
    key: str
    secret: str
    address: str
    webhook_url: str = ""
    faults: Faults = field(default_factory=Faults)

    name: ClassVar[str] = ""
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    page: ClassVar[str] = r"/pay/([\w.-]+)"

    def __post_init__(self) -> None:
        """Have the books' notices written in our words."""
        self.books.write = self.letter

    def letter(self, row: sqlite3.Row, kind: str, data: dict[str, Any]) -> Letter | None:
        """Put what happened into words; None where the provider says nothing of it."""
        raise NotImplementedError

    def admit(self, request: Request) -> None:
        """Let only the shop in; by default it shows its key as a bearer."""
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
            raise No(401, "unauthorized", "The key is not known.")

    def no(self, refusal: No) -> Answer:
        """Say no in the provider's words."""
        return refusal.status, {"error": {"code": refusal.code, "message": refusal.sentence}}

    def trouble(self) -> dict[str, Any]:
        """Answer 200 with an error inside, in the provider's words."""
        return {"error": {"code": "internal", "message": "Try again later.", "retry": True}}

    def sign(self, body: bytes) -> dict[str, str]:
        """Give the headers that prove a notice."""
        del body
        return {}

    def forged_address(self, url: str) -> str:
        """Give where a notice goes; who signs nothing forges the address instead."""
        return url

    def visit(self, request: Request, reference: str) -> tuple[int, str, sqlite3.Row | None]:
        """Answer a payer: a status, a page (or the address to go to, with 303), and the row."""
        raise NotImplementedError

    def answer(self, request: Request) -> tuple[Answer, bool]:
        """Answer the shop, and tell whether this is an answer that faults may spoil."""
        for verb, pattern, name in CONTROL:
            if verb == request.method and (match := re.fullmatch(pattern, request.path)):
                return self._guarded(request, f"_{name}", match.groups(), control=True), False
        for verb, pattern, name in self.routes:
            if verb == request.method and (match := re.fullmatch(pattern, request.path)):
                return self._guarded(request, name, match.groups()), self.faults.spoils()
        return self.no(No(404, "not_found", "There is nothing here.")), False

    def _guarded(
        self, request: Request, name: str, arguments: tuple[str, ...], *, control: bool = False
    ) -> Answer:
        try:
            if control:
                Counter.admit(self, request)
            else:
                self.admit(request)
            answer: Answer = getattr(self, name)(request, *arguments)
        except No as refusal:
            return self.no(refusal)
        return answer

    def _totals(self, _: Request) -> Answer:
        self.books.settle()
        return 200, self.books.totals()

    def _show_faults(self, _: Request) -> Answer:
        return 200, self.faults.now()

    def _set_faults(self, request: Request) -> Answer:
        try:
            self.faults.set(request.json())
        except ValueError as error:
            raise No(
                422, "bad_switch", f"{error} is no such switch, or not of its kind."
            ) from error
        return self._show_faults(request)

    def _resend(self, _: Request, reference: str) -> Answer:
        with self.books.transaction() as db:
            db.execute(
                "UPDATE notice SET delivered_at = NULL, given_up = 0, due_at = 0"
                " WHERE checkout = ?",
                [reference],
            )
        return 202, {}

    def _dispute(self, _: Request, reference: str) -> Answer:
        with self.books.transaction() as db:
            return 201, dict(self.books.quarrel(db, reference, "fraudulent"))

    def _end_dispute(self, request: Request, dispute: str) -> Answer:
        with self.books.transaction() as db:
            return 200, dict(self.books.end_quarrel(db, dispute, request.json()["state"]))


def way_back(row: sqlite3.Row, **said: str) -> str:
    """Give the shop's address with our words. It proves nothing: the shop must ask."""
    parts = urlsplit(str(row["return_url"]))
    query = "&".join(filter(None, [parts.query, urlencode(said)]))
    address: str = urlunsplit(parts._replace(query=query))
    return address


def web_address(given: object) -> bool:
    """Tell whether this is an address on the web."""
    return isinstance(given, str) and bool(re.fullmatch(r"https?://[^\s\"'<>]{1,480}", given))


def whole(given: object, most: int = 10**18) -> bool:
    """Tell whether this is a whole number above zero."""
    return isinstance(given, int) and not isinstance(given, bool) and 0 < given <= most
