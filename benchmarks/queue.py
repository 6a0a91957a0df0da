"""Seconds of a long run rung for through the queue, beside the same work in this process."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app import create_app
from benchmarks.ground import Ground, ground, say
from core import db, embedded
from services import imports
from services.sheets import Table
from tests import make
from workers.imports import run
from workers.jobs import QUEUES, bell

APARTMENTS = 20_000
HEADER = ("Project", "Apartment", "Type", "Space", "Base price", "Currency", "Packages")


def judged(here: Ground, name: str) -> UUID:
    """Have a list of apartments read and started; taking it in is what is measured."""
    with here.work() as work:
        make.package(work, make.project(work, name=name), name="Silver")
        common = ("Part of a project", "78", "10400000", "KES", "Silver")
        rows = [(name, f"A{number:06}", *common) for number in range(APARTMENTS)]
        table = Table("Apartments", HEADER, rows, range(2, len(rows) + 2))
        begun = imports.begin(work, "sales", "list.csv", [table])
        imports.start(work, begun.id)
        work.session.commit()
        return begun.id


def main() -> None:
    """Measure, and print one line."""
    with ground() as here, TemporaryDirectory(prefix="makao-bench-redis-") as folder:
        Path(folder).chmod(0o755)
        address = embedded.start_redis(Path(folder))
        try:
            app = create_app(**here.addresses, REDIS_URL=address, RATELIMIT_ENABLED=False)
            db.use(app, "jobs")
            runs = [judged(here, name) for name in ("Before", "Alone", "Queued")]
            here.settle()
            with app.app_context():
                run(here.home, str(runs[0]))  # what comes first finds everything cold
                begun = time.perf_counter()
                run(here.home, str(runs[1]))
                alone = time.perf_counter() - begun
                begun = time.perf_counter()
                run.later(here.home, str(runs[2]))
                worker = SimpleWorker(QUEUES, connection=bell(), serializer=JSONSerializer)
                worker.work(burst=True, logging_level="WARNING")
                seconds = time.perf_counter() - begun
            with here.work() as work:
                assert not imports.due(work), "all are done"
        finally:
            embedded.stop_redis(Path(folder))
    say("queue", seconds, "s", alone, APARTMENTS)


if __name__ == "__main__":
    main()
