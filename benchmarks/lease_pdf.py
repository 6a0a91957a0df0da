"""Documents of leases a second on one core: read, written by the text, set as PDF, and kept.

`python -m benchmarks.lease_pdf 20` makes fewer. The goal is five a second.
"""

import os
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from flask import Flask
from sqlalchemy import func, select

from app import create_app
from benchmarks.ground import ground, say
from core import db
from models.lease_papers import LeaseDocument
from models.leasing import LesseeRole
from tests import make
from workers.leasing import make_document

DOCUMENTS, GOAL_A_SECOND = 200, 5.0


def main() -> None:
    """Measure, and print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else DOCUMENTS
    with ground() as here, TemporaryDirectory(prefix="makao-bench-files-") as folder:
        app: Flask = create_app(**here.addresses, UPLOAD_FOLDER=str(Path(folder)))
        db.use(app, "jobs")
        with app.app_context(), here.work() as work:
            place = make.estate(work)
            leases = [
                make.lease(
                    work,
                    make.unit(work, place).id,
                    since=date(2026, 1, 1),
                    until=date(2026, 12, 31),
                    rent=Decimal(25_000 + each),
                    others=[(make.party(work).id, LesseeRole.guarantor)],
                ).id
                for each in range(count + 1)
            ]
            work.session.commit()
            cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {min(cores)})
            make_document(work, leases[0])  # fonts are read once
            work.session.commit()
            start = perf_counter()
            for lease_id in leases[1:]:
                make_document(work, lease_id)
                work.session.commit()
            rate = count / (perf_counter() - start)
            os.sched_setaffinity(0, cores)
            made = work.session.scalar(select(func.count()).select_from(LeaseDocument))
            assert made == count + 1, made
    say("lease_pdf", rate, "1/s", GOAL_A_SECOND, count)


if __name__ == "__main__":
    main()
