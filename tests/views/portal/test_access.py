import gzip
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from models.billing import Invoice
from models.bookings import Booking
from models.payments import PaymentIntent
from tests.views.portal.conftest import SLUG, Browser, Town, text
from tests.views.portal.test_payments import begin, due

pytestmark = pytest.mark.req("S5.47", "S5.05")
Confirmed = Callable[..., tuple[Browser, str]]
PUBLIC = {
    *("CatalogueView.shop", "CatalogueView.apartments", "CatalogueView.project"),
    *("CatalogueView.apartment", "PortalPapersView.price_list", "PortalPapersView.genuine"),
    "CatalogueView.picture",
}

NOBODY = uuid4()
"""The id of nothing."""


def routes(town: Town, method: str) -> dict[str, str]:
    """All addresses of the portal, by endpoint."""
    return {
        rule.endpoint: rule.rule
        for rule in town.app.url_map.iter_rules()
        if rule.rule.startswith("/portal") and method in (rule.methods or ())
    }


def filled(rule: str, ids: dict[str, UUID]) -> str:
    """Put ids where an address asks for them; of several ways the first."""
    named = re.sub(r"<uuid:(\w+)>", lambda found: str(ids.get(found.group(1), NOBODY)), rule)
    named = re.sub(r"<any\((\w+)[^>]*>", r"\1", named)
    return named.replace("<slug>", SLUG)


def test_a_visitor_is_asked_to_sign_in_everywhere_but_in_the_catalogue(town: Town) -> None:
    ids = {"apartment_id": town.apartment, "project_id": town.project}
    visitor = town.browser()

    for method in ("GET", "POST"):
        for endpoint, rule in routes(town, method).items():
            answer = visitor.client.open(filled(rule, ids), method=method)
            asked = answer.status_code == 302 and "/login/" in str(answer.location)
            assert asked != (endpoint in PUBLIC), (method, endpoint, answer.status_code)


@pytest.mark.req("S3.25")
def test_what_is_somebody_elses_is_not_there(town: Town, confirmed: Confirmed) -> None:
    """Every address with an id answers alike for another buyer's and for nobody's."""
    owner, _ = confirmed()
    begin(owner, due(owner))
    with town.jobs() as work:
        theirs = {
            "booking_id": work.session.scalars(select(Booking.id)).one(),
            "invoice_id": work.session.scalars(select(Invoice.id)).one(),
            "intent_id": work.session.scalars(select(PaymentIntent.id)).one(),
        }
    nobodys = dict.fromkeys(theirs, uuid4())
    other = town.buyer()

    for method in ("GET", "POST"):
        for endpoint, rule in routes(town, method).items():
            if not any(f":{name}>" in rule for name in theirs):
                continue
            seen = [
                other.client.open(filled(rule, ids), method=method, data={"reason": "x"})
                for ids in (theirs, nobodys)
            ]
            assert [each.status_code for each in seen] == [404, 404], (method, endpoint)
    paid = other.client.post(
        "/portal/payments", data={"invoice": [str(theirs["invoice_id"])], "method": "card"}
    )
    assert paid.status_code == 404


@pytest.mark.parametrize("role", ["Sales", "Executive", "Guard"])
def test_whoever_does_not_buy_is_told_who_can_let_them(town: Town, role: str) -> None:
    member = town.member(role, party=False)

    for path in ("/portal/bookings", "/portal/payments"):
        answer = member.get(path)
        assert answer.status_code == 403
        assert "Customer (buyer)" in text(answer)


def test_a_buyer_never_sees_the_administration(town: Town) -> None:
    buyer = town.buyer()

    for table in ("booking", "apartment", "invoice", "party", "membership", "account"):
        assert buyer.get(f"/admin/{table}/").status_code == 403
    assert buyer.get("/home/").location == "/portal/"


def test_members_of_later_domains_and_of_none_find_a_page(town: Town) -> None:
    page = text(town.member("Guard", party=False).get("/portal/"))

    assert "Welcome to Acacia Homes" in page


def test_the_first_screen_greets_with_the_one_thing_to_do(town: Town, confirmed: Confirmed) -> None:
    new = town.buyer()
    assert "Browse apartments" in text(new.get("/portal/"))
    new.hold(town.other)
    assert "Finish booking A0201" in text(new.get("/portal/"))

    buyer, _ = confirmed()
    page = text(buyer.get("/portal/"))

    assert re.search(r"Pay KES\s11,650,000.00", page)
    assert page.count("mk-btn-accent") == 1


def static_files(page: str) -> set[str]:
    return set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))


@pytest.mark.parametrize("path", ["/portal/", "/portal/{slug}/", "{apartment}"])
def test_the_first_screen_is_light(town: Town, confirmed: Confirmed, path: str) -> None:
    """With its styles, scripts and fonts, as they travel: below 200 kB."""
    buyer, _ = confirmed()
    someone = buyer if path == "/portal/" else town.browser()
    apartment = f"/portal/{SLUG}/apartments/{town.other}"
    page = someone.get(path.format(slug=SLUG, apartment=apartment)).get_data()
    sizes = {"page": len(page)}
    for file in static_files(page.decode()):
        answer = buyer.get(file, headers={"Accept-Encoding": "gzip"})
        sizes[file] = len(answer.get_data())
        if answer.content_encoding == "gzip":
            plain = Path(town.app.root_path, file.partition("?")[0].lstrip("/")).read_bytes()
            assert gzip.decompress(answer.get_data()) == plain
    for font in ("inter/inter-latin-wght-normal", "icons/tabler-icons-frame"):
        sizes[font] = Path(town.app.root_path, f"static/vendor/{font}.woff2").stat().st_size

    assert sum(sizes.values()) < 200_000, sizes


def test_a_static_file_is_asked_for_once_until_it_changes(town: Town) -> None:
    """Its address has its version: the browser keeps it, and asks after none on the next page."""
    visitor = town.browser()
    for file in static_files(text(visitor.get(f"/portal/{SLUG}/"))):
        assert "immutable" in visitor.get(file).headers["Cache-Control"], file
    font = visitor.get("/static/vendor/inter/inter-latin-wght-normal.woff2")
    old = visitor.get("/static/portal.css?v=0123456789ab")

    assert "max-age=3600" in font.headers["Cache-Control"]
    assert old.status_code == 200
    assert old.headers["Cache-Control"] == "no-cache"
    assert visitor.get("/static/none.css?v=").status_code == 404


def test_a_static_file_that_is_known_is_not_sent_again(town: Town) -> None:
    visitor = town.browser()
    first = visitor.get("/static/portal.css", headers={"Accept-Encoding": "gzip"})

    again = visitor.get(
        "/static/portal.css",
        headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]},
    )
    plain = visitor.get("/static/portal.css")

    assert first.content_encoding == "gzip"
    assert again.status_code == 304
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize("path", ["/profile/", "/profile/sign-ins", "/notices/", "/admin/party/"])
def test_pages_for_everybody_stand_inside_the_portal_for_a_buyer(town: Town, path: str) -> None:
    page = text(town.buyer().get(path))

    assert 'class="mk-bottom"' in page
    assert "data-search" not in page
