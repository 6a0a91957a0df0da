"""The application in front of a database full of apartments, for figures of lists."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from benchmarks.ground import Ground, ground
from core import embedded
from services import organizations
from tests import make
from tests.views.conftest import Office

DATA = """
INSERT INTO apartment (id, organization_id, project_id, type, status, name, area, floor, layout,
    view, currency, base_price)
SELECT uuid_now(), :home, :project, 'project', 'for_sale', 'A' || lpad(i::text, 7, '0'), 78, i % 40,
    (ARRAY['1 bedroom', '2 bedroom', '3 bedroom'])[1 + i % 3], 'Hills', 'KES', 10400000 + i % 1000
FROM generate_series(1, :count) AS i;
ANALYZE;
"""


@contextmanager
def site(apartments: int) -> Iterator[tuple[Ground, Office]]:
    """Serve an organization with so many apartments; money roles need no second factor."""
    with ground(web=True) as here, TemporaryDirectory(prefix="makao-bench-redis-") as folder:
        Path(folder).chmod(0o755)
        address = embedded.start_redis(Path(folder))
        try:
            app: Flask = create_app(**here.addresses, REDIS_URL=address, RATELIMIT_ENABLED=False)
            with Session(app.extensions["engines"]["jobs"]) as session:
                office = Office(app, here.home, session)
                with office.work() as work:
                    setting = "security.two_factor_for_money"
                    organizations.change_setting(work, setting, value=False)
                    project = make.project(work, name="Acacia Heights").id
                here.sql(DATA, project=project, count=apartments)
                here.settle()
                yield here, office
        finally:
            embedded.stop_redis(Path(folder))


def p95_ms(act: Callable[[], object], times: int = 40) -> float:
    """Do it so many times, one after the other; gives the 95th percentile in milliseconds."""
    act()
    taken = []
    for _ in range(times):
        begun = perf_counter()
        act()
        taken.append((perf_counter() - begun) * 1000)
    return sorted(taken)[int(times * 0.95) - 1]
