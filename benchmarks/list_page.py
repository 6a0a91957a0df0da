"""Lists a second of 100,000 apartments with 11,000 related rows, beside the stock ModelView."""

from benchmarks.ground import say
from benchmarks.served import APARTMENTS, ours, prepared, stock


def main() -> None:
    """Measure, and print one line."""
    with prepared() as (here, variables):
        with ours(here, variables) as served:
            rate = served.rate("/admin/apartment/")
        with stock(variables) as served:
            limit = served.rate("/apartments/list/")
    say("list_page", rate, "1/s", limit, APARTMENTS)


if __name__ == "__main__":
    main()
