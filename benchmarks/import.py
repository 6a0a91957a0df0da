# ruff: noqa: N999  # the name of the figure

"""Seconds to import 100,000 apartments: judged row by row, then taken in."""

import time

from benchmarks.ground import ground, say
from services import imports, sales_import_run
from services.sheets import Table
from tests import make

APARTMENTS, LIMIT_SECONDS = 100_000, 60.0
HEADER = [
    *("Project", "Apartment", "Type", "Space", "Base price", "Currency"),
    *("Packages", "Add-ons", "Status", "Floor", "Block"),
]
assert sales_import_run.__name__, "importing it is what makes the kind known"


def rows() -> list[list[str]]:
    """Write what somebody would send."""
    common = ["Part of a project", "78", "10400000", "KES", "Silver", "", "For Sale"]
    return [
        ["Acacia Heights", f"A{number:06}", *common, str(number % 40), f"B{number % 9}"]
        for number in range(APARTMENTS)
    ]


def main() -> None:
    """Measure, and print one line."""
    with ground() as here, here.work() as work:
        home = make.project(work, name="Acacia Heights")
        make.package(work, home, name="Silver")
        work.session.commit()
        sent = rows()
        begun = time.perf_counter()
        table = Table("Apartments", HEADER, sent, range(2, len(sent) + 2))
        run = imports.begin(work, "sales", "list.csv", [table])
        work.session.commit()
        judged = time.perf_counter() - begun
        imports.start(work, run.id)
        work.session.commit()
        while imports.advance(work, run.id):
            work.session.commit()
        work.session.commit()
        seconds = time.perf_counter() - begun
        assert run.counts["created"] == APARTMENTS, run.counts
    say("import", seconds, "s", LIMIT_SECONDS, APARTMENTS, judging=round(judged, 1))


if __name__ == "__main__":
    main()
