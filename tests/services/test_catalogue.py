from decimal import Decimal
from uuid import uuid4

import pytest

from core.errors import NotFound
from core.work import Work
from models.files import Document, DocumentUse
from models.sales import ApartmentStatus, Project
from services import catalogue, offers
from services.catalogue import PAGE, Wanted
from tests import make

pytestmark = pytest.mark.req("S3.33")


@pytest.fixture
def project(work: Work) -> Project:
    return make.project(work, name="Acacia Heights")


def names(work: Work, **wanted: object) -> list[str]:
    found = catalogue.search(work, Wanted(**wanted))  # type: ignore[arg-type]
    return [card.name for card in found.cards]


@pytest.mark.req("S3.08")
def test_the_price_begins_at_the_base_price_with_the_cheapest_package(
    work: Work, project: Project
) -> None:
    packages = [make.package(work, project, price=Decimal(price)) for price in (900, 100)]
    make.apartment(work, project, name="A1", base_price=Decimal(1000), packages=packages)
    make.apartment(work, project, name="A2", base_price=Decimal(1050))

    found = catalogue.search(work, Wanted())

    assert [(each.name, each.price_from) for each in found.cards] == [
        ("A2", Decimal(1050)),
        ("A1", Decimal(1100)),
    ]
    assert names(work, price_max=Decimal(1050)) == ["A2"]


@pytest.mark.parametrize("status", sorted(ApartmentStatus))
def test_only_four_states_are_on_show(work: Work, status: ApartmentStatus) -> None:
    """Tried for each state there is, so that a new one is decided upon."""
    if status is ApartmentStatus.released:
        return  # only clones are released, and no clone is on show
    kind = "template" if status is ApartmentStatus.template else "project"
    row = make.apartment(work, name="A1", status=status, type=kind)

    assert (names(work, status=None) == ["A1"]) is (status in catalogue.SHOWN)
    if status not in catalogue.SHOWN:
        with pytest.raises(NotFound):
            offers.offer(work, row.id)


def test_a_standalone_apartment_is_found_too(work: Work) -> None:
    make.apartment(work, name="Villa", project_id=None, type="standalone", currency="KES")

    assert names(work) == ["Villa"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("price", ["A1", "A2", "A3"]),
        ("dearest", ["A3", "A2", "A1"]),
        ("largest", ["A2", "A3", "A1"]),
        ("floor", ["A3", "A1", "A2"]),
        ("name", ["A1", "A2", "A3"]),
        ("nonsense", ["A1", "A2", "A3"]),
    ],
)
def test_a_search_is_ordered_as_asked_for(
    work: Work, project: Project, order: str, expected: list[str]
) -> None:
    for name, price, area, floor in (("A1", 1, 50, 2), ("A2", 2, 90, None), ("A3", 3, 70, 9)):
        make.apartment(
            work, project, name=name, base_price=Decimal(price), area=Decimal(area), floor=floor
        )

    assert names(work, order=order) == expected


def test_a_search_comes_page_by_page(work: Work, project: Project) -> None:
    for number in range(PAGE + 1):
        make.apartment(work, project, name=f"A{number:03}")

    pages = [catalogue.search(work, Wanted(), page) for page in (1, 2, 99, -1)]

    assert [(each.page, len(each.cards)) for each in pages] == [
        *((1, PAGE), (2, 1), (2, 1), (1, PAGE)),
    ]
    assert {each.count for each in pages} == {PAGE + 1}


@pytest.mark.req("S3.22")
def test_the_plan_lays_out_blocks_and_floors_from_the_top(work: Work, project: Project) -> None:
    for name, block, floor in (("B1", "B", 1), ("A2", "A", 1), ("A1", "A", 1), ("A3", "A", 2)):
        make.apartment(work, project, name=name, block=block, floor=floor)

    laid = [
        (block.name, floor.number, [card.name for card in floor.cards])
        for block in catalogue.plan(work, project.id)
        for floor in block.floors
    ]

    assert laid == [("A", 2, ["A3"]), ("A", 1, ["A1", "A2"]), ("B", 1, ["B1"])]


@pytest.mark.req("S3.01", "S3.02")
def test_pictures_come_in_their_order(work: Work, project: Project) -> None:
    apartment = make.apartment(work, project)
    for position, use in ((2, "photo"), (1, "photo"), (0, "contract")):
        work.session.add(
            Document(
                organization_id=project.organization_id,
                subject_table="apartment",
                subject_id=apartment.id,
                use=DocumentUse(use),
                title=str(position),
                content_type="image/webp",
                storage_key="0" * 64,
                sha256="0" * 64,
                size=1,
                position=position,
            )
        )
    work.session.flush()

    shown = offers.offer(work, apartment.id).photo_ids

    assert [work.session.get_one(Document, each).title for each in shown] == ["1", "2"]


def test_a_project_that_is_not_published_is_on_no_page(work: Work) -> None:
    hidden = make.project(work, published=False)
    row = make.apartment(work, hidden)

    assert catalogue.sites(work) == []
    assert names(work, status=None) == []
    for find in (lambda: catalogue.site(work, hidden.id), lambda: offers.offer(work, row.id)):
        with pytest.raises(NotFound):
            find()
    with pytest.raises(NotFound):
        offers.offer(work, uuid4())
