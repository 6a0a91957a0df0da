"""Facts a second from the outbox into the stream, beside a pipeline of XADD alone."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from app import create_app
from benchmarks.ground import ground, say
from core import db, embedded
from workers import relay

FACTS, PIPELINE = 50_000, 1_000
DATA = """
INSERT INTO event (id, organization_id, type, subject_table, subject_id, sequence, data, actor,
    source, happened_at, correlation_id)
SELECT uuid_now(), :home, 'benchmark.happened', 'party', uuid_now(), 1, '{"number": 1}'::jsonb,
    'job:benchmark', 'jobs', now(), uuid_now() FROM generate_series(1, :count);
INSERT INTO outbox (organization_id, id) SELECT organization_id, id FROM event;
ANALYZE event, outbox;
"""


def pipelined(redis: Redis, envelope: bytes) -> float:
    """Append as many envelopes of the same size; returns how many a second."""
    begun = time.perf_counter()
    for _ in range(FACTS // PIPELINE):
        pipe = redis.pipeline(transaction=False)
        for _each in range(PIPELINE):
            pipe.xadd("alone", {"event": envelope}, maxlen=relay.STREAM_LENGTH)
        pipe.execute()
    return FACTS / (time.perf_counter() - begun)


def main() -> None:
    """Measure, and print one line."""
    with ground() as here, TemporaryDirectory(prefix="makao-bench-redis-") as folder:
        Path(folder).chmod(0o755)
        address = embedded.start_redis(Path(folder))
        try:
            app = create_app(**here.addresses, REDIS_URL=address, RATELIMIT_ENABLED=False)
            db.use(app, "jobs")
            with app.app_context():
                here.sql(DATA, count=FACTS)
                begun = time.perf_counter()
                done = 0
                while taken := relay.publish(here.home):
                    done += taken
                rate = done / (time.perf_counter() - begun)
            redis = Redis.from_url(address)
            entries: Any = redis.xrange(f"makao:events:{here.home}", count=1)
            limit = pipelined(redis, entries[0][1][b"event"])
        finally:
            embedded.stop_redis(Path(folder))
    say("relay", rate, "1/s", limit, done)


if __name__ == "__main__":
    main()
