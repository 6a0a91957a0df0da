"""What stops the start, in one sentence; and the doors that must be shut before it."""

import psycopg
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import make_url

_TRUST_PROBE = "nobody-has-chosen-this"


class CannotStart(Exception):
    """Something outside the program must change first. The message is one sentence saying what."""


def refuse_trust(address: str) -> None:
    """Make sure that the database asks for a password; waits 5 seconds at most.

    Knocks with a wrong password: a server that lets that in lets in anybody who reaches it. A
    server that does not answer is somebody else's finding, and passes.

    Raises:
        CannotStart: the server trusts whoever asks.

    """
    url = make_url(address).set(drivername="postgresql", password=_TRUST_PROBE)
    try:
        psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5).close()
    except psycopg.OperationalError:
        return
    raise CannotStart(
        f"The database at {_place(address)} lets anybody in without a password (trust"
        " authentication): set scram-sha-256 in pg_hba.conf, or MAKAO_DEMO=1 for a demo."
    )


def reach_redis(address: str) -> None:
    """Make sure that a Redis which was given answers; waits 5 seconds at most.

    Raises:
        CannotStart: it does not.

    """
    try:
        redis = Redis.from_url(address, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0))
        with redis:
            redis.ping()
    except (RedisError, ValueError, OSError) as error:
        said = str(error).strip().splitlines()[0].rstrip(".")
        raise CannotStart(f"Cannot reach the Redis that REDIS_URL names: {said}.") from error


def _place(address: str) -> str:
    url = make_url(address)
    return str(url.host or url.query.get("host") or "the default socket")
