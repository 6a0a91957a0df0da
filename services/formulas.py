"""Formulas that people write: read without running them, and written as SQL.

A formula is an expression over a few names. What it may consist of is listed here; anything else is
refused with the place it stands at. Nothing of what was typed reaches the database but numbers that
were read as such and words that are on a list.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from core.errors import BadInput
from core.text import N_

LONGEST, MOST_PARTS = 400, 120
NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?")
CALLS = {"round": "round", "abs": "abs"}
LISTS = ("min", "max")
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "=",
    ast.NotEq: "<>",
}


class Kind(StrEnum):
    """What a part of a formula is."""

    number = auto()
    word = auto()
    truth = auto()


@dataclass(frozen=True, slots=True)
class Name:
    """What a formula may speak of: the SQL that stands for it, and the words that it can be."""

    sql: str
    words: frozenset[str] = frozenset()

    @property
    def kind(self) -> Kind:
        """A name that has words is one of them; any other is a number."""
        return Kind.word if self.words else Kind.number


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: its SQL, and the names that it speaks of."""

    sql: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Part:
    sql: str
    kind: Kind
    words: frozenset[str] = frozenset()


def number(text: str, names: Mapping[str, Name], field: str = "formula") -> Formula:
    """Read a formula that gives a number, like `area * 45 if type == "shop" else area * 30`.

    A division by zero gives nothing (NULL), as does a name that has no value.

    Raises:
        BadInput: it cannot be read, or gives no number.

    """
    return _Reader(text, names, field).read(Kind.number)


def condition(text: str, names: Mapping[str, Name], field: str = "condition") -> Formula:
    """Read a formula that is true or false, like `area >= 80 and type in ("shop", "office")`.

    Raises:
        BadInput: it cannot be read, or is neither true nor false.

    """
    return _Reader(text, names, field).read(Kind.truth)


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Name], field: str) -> None:
        self.text, self.names, self.field = text.strip(), names, field
        self.used: set[str] = set()
        self.parts = 0

    def read(self, wanted: Kind) -> Formula:
        if not self.text or len(self.text) > LONGEST or not self.text.isprintable():
            raise self._wrong(N_("Write a formula of at most 400 characters."))
        try:
            tree = ast.parse(self.text, mode="eval")
            part = self._part(tree.body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._wrong(N_("The formula cannot be read.")) from None
        if part.kind is not wanted:
            said = {
                Kind.number: N_("The formula has to give a number."),
                Kind.truth: N_("The formula has to be true or false."),
            }
            raise self._wrong(said[wanted])
        return Formula(part.sql, frozenset(self.used))

    def _wrong(self, says: str, **values: str) -> BadInput:
        return BadInput(says, field=self.field, **values)

    def _refused(self, node: ast.AST) -> BadInput:
        said = ast.get_source_segment(self.text, node) or ""
        return self._wrong(N_("“%(part)s” is nothing that a formula may have."), part=said[:40])

    def _part(self, node: ast.expr) -> _Part:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise self._wrong(N_("The formula is too long."))
        read = {
            ast.Constant: self._number,
            ast.Name: self._name,
            ast.BinOp: self._arithmetic,
            ast.UnaryOp: self._sign,
            ast.BoolOp: self._logic,
            ast.Compare: self._comparison,
            ast.IfExp: self._choice,
            ast.Call: self._call,
        }.get(type(node))
        if read is None:
            raise self._refused(node)
        part: _Part = read(node)  # type: ignore[operator]
        return part

    def _of(self, node: ast.expr, kind: Kind) -> str:
        part = self._part(node)
        if part.kind is not kind:
            raise self._refused(node)
        return part.sql

    def _number(self, node: ast.Constant) -> _Part:
        written = ast.get_source_segment(self.text, node) or ""
        if not NUMBER.fullmatch(written):
            raise self._refused(node)
        return _Part(f"{written}::numeric", Kind.number)

    def _name(self, node: ast.Name) -> _Part:
        name = self.names.get(node.id)
        if name is None:
            offered = ", ".join(sorted(self.names))
            said = N_("“%(name)s” is no name of a formula; these are: %(offered)s.")
            raise self._wrong(said, name=node.id[:40], offered=offered)
        self.used.add(node.id)
        return _Part(name.sql, name.kind, name.words)

    def _arithmetic(self, node: ast.BinOp) -> _Part:
        left, right = self._of(node.left, Kind.number), self._of(node.right, Kind.number)
        if isinstance(node.op, ast.Div):
            return _Part(f"({left} / nullif({right}, 0))", Kind.number)
        sign = ARITHMETIC.get(type(node.op))
        if sign is None:
            raise self._refused(node)
        return _Part(f"({left} {sign} {right})", Kind.number)

    def _sign(self, node: ast.UnaryOp) -> _Part:
        if isinstance(node.op, ast.Not):
            return _Part(f"(NOT {self._of(node.operand, Kind.truth)})", Kind.truth)
        if isinstance(node.op, ast.USub):
            return _Part(f"(- {self._of(node.operand, Kind.number)})", Kind.number)
        raise self._refused(node)

    def _logic(self, node: ast.BoolOp) -> _Part:
        word = " AND " if isinstance(node.op, ast.And) else " OR "
        return _Part(
            f"({word.join(self._of(each, Kind.truth) for each in node.values)})", Kind.truth
        )

    def _comparison(self, node: ast.Compare) -> _Part:
        if len(node.ops) != 1:
            raise self._refused(node)
        (op,), (right,) = node.ops, node.comparators
        left = self._part(node.left)
        if left.kind is Kind.word:
            return self._among(node, left, op, right)
        sign = COMPARISONS.get(type(op))
        if sign is None or left.kind is not Kind.number:
            raise self._refused(node)
        return _Part(f"({left.sql} {sign} {self._of(right, Kind.number)})", Kind.truth)

    def _among(self, node: ast.Compare, left: _Part, op: ast.cmpop, right: ast.expr) -> _Part:
        """Compare a name with words, each of which it can be."""
        one = isinstance(op, ast.Eq | ast.NotEq)
        some = isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Tuple | ast.List)
        if not one and not some:
            raise self._refused(node)
        given = [right] if one else list(right.elts)  # type: ignore[attr-defined]
        words = [str(each.value) if isinstance(each, ast.Constant) else "" for each in given]
        if not words or any(word not in left.words for word in words):
            offered = ", ".join(sorted(left.words))
            raise self._wrong(N_("Compare with these words alone: %(offered)s."), offered=offered)
        listed = ", ".join(f"'{word}'" for word in words)  # words of ours, as the line above saw
        no = "NOT " if isinstance(op, ast.NotEq | ast.NotIn) else ""
        return _Part(f"({left.sql} {no}IN ({listed}))", Kind.truth)

    def _choice(self, node: ast.IfExp) -> _Part:
        test = self._of(node.test, Kind.truth)
        body, other = self._of(node.body, Kind.number), self._of(node.orelse, Kind.number)
        # A test that cannot be made gives nothing, and not what holds otherwise.
        chosen = f"(CASE {test} WHEN true THEN {body} WHEN false THEN {other} END)"
        return _Part(chosen, Kind.number)

    def _call(self, node: ast.Call) -> _Part:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in (*CALLS, *LISTS) or node.keywords or not node.args:
            raise self._refused(node)
        if name in CALLS and len(node.args) != 1:
            raise self._refused(node)
        given = ", ".join(self._of(each, Kind.number) for each in node.args)
        if name in CALLS:
            return _Part(f"{CALLS[name]}({given})", Kind.number)
        # least() and greatest() would pass over what has no value.
        whole = f"CASE WHEN count(*) = count(n) THEN {name}(n) END"
        listed = f"unnest(ARRAY[{given}]) AS n"
        return _Part(f"(SELECT {whole} FROM {listed})", Kind.number)  # noqa: S608  # parts of ours
