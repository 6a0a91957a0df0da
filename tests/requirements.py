"""Which requirements are carried by a test: reads marks without running anything.

`python -m tests.requirements` prints the numbers that no test carries, one a line; with `--known`
the marks whose number is not in the list. Exit status 0 only if nothing was printed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
LIST = TESTS.parent / "docs" / "reference" / "requirements.md"


def known(text: str) -> list[str]:
    """Read the numbers of the list, in its order."""
    return re.findall(r"^- \*\*(S\d\.\d\d)\*\*", text, flags=re.MULTILINE)


def carried(source: str) -> Iterator[tuple[int, str]]:
    """Find the numbers in `@pytest.mark.req(...)`, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req":
            for argument in node.args:
                if isinstance(argument, ast.Constant):
                    yield argument.lineno, str(argument.value)


def main() -> int:
    """Print what is missing, or with `--known` what is unknown; returns the exit status."""
    numbers = known(LIST.read_text())
    marks = [
        (f"{path.relative_to(TESTS.parent)}:{line}", number)
        for path in sorted(TESTS.rglob("*.py"))
        for line, number in carried(path.read_text())
    ]
    if "--known" in sys.argv[1:]:
        found = [
            f"{at}: {number} is no requirement" for at, number in marks if number not in numbers
        ]
    else:
        there = {number for _at, number in marks}
        found = [number for number in numbers if number not in there]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
