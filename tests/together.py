"""Which tests stay in one process: those that share something dear, like the whole thing running.

(The groups of pytest-xdist 3.8 are marks on a test's address, which pytest 9 no longer lets change:
all tests were dealt out one by one, and each process made what is dear for itself.)
"""

from collections.abc import Mapping

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

GROUPS: Mapping[str, str] = {
    "tests/browser/": "the whole thing",
    "tests/faults/": "the whole thing",
    "tests/adapters/test_stripe.py": "localstripe keeps its state in one file",
    "tests/views/test_foreign_ids.py": "two filled organizations",
    "tests/views/test_what_roles_see.py": "a planted organization",
}


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Deal out groups first, the largest before all; then test by test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        for beginning, group in GROUPS.items():
            if nodeid.startswith(beginning):
                return group
        return nodeid
