"""Answers a second of 100 out of 100,000 rows as JSON, two processes, beside the plain ModelRestApi."""

from benchmarks.ground import say
from benchmarks.served import APARTMENTS, ours, prepared, stock

PATH = "/api/v1/apartment/?q=(page_size:100)"


def main() -> None:
    """Measure, and print one line."""
    with prepared() as (here, variables):
        with ours(here, variables) as served:
            rate = served.rate(PATH)
        with stock(variables) as served:
            limit = served.rate(PATH)
    say("api_list", rate, "1/s", limit, APARTMENTS)


if __name__ == "__main__":
    main()
