"""Whatever can be found in a redraw or a net has a title on its page."""

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from webmap.plans import titles

ROOT = Path(titles.__file__).parents[2]
FOUND_IN = [
    "geo/redraws", "geo/redraw_checking.py", "geo/coverage.py", "staffing", "importers/nets.py", "importers/redraws.py",
]  # fmt: skip
CALLS = {"Finding": 0, "finding": 0, "Problem": 2}
"""Where in a call the code stands."""


def codes_of(tree: ast.Module) -> Iterator[str]:
    """Every code in a module with which a finding or a problem is made there."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called in CALLS and len(call.args) > CALLS[called]:
            yield from words_of(call.args[CALLS[called]], tree, set())


def words_of(told: ast.AST, tree: ast.Module, known: set[str]) -> Iterator[str]:
    """The words in an expression, and in whatever its names were set to; `known` are the names looked at already.

    What is worked out by a call, or is a part of something, is no code.
    """
    if isinstance(told, ast.Constant) and isinstance(told.value, str):
        yield told.value
    elif isinstance(told, ast.Name) and told.id not in known:
        known.add(told.id)
        for value in values_of(told.id, tree):
            yield from words_of(value, tree, known)
    elif not isinstance(told, ast.Call | ast.Attribute):
        for part in ast.iter_child_nodes(told):
            yield from words_of(part, tree, known)


def values_of(name: str, tree: ast.Module) -> Iterator[ast.expr]:
    """What a name is set to, by an assignment or a loop."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(set_to)], value=value) if set_to == name:
                yield value
            case ast.For(target=target, iter=value) if name in names_in(target):
                yield value


def names_in(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def test_every_code_that_a_redraw_or_a_net_can_be_found_with_has_a_title_and_advice():
    files = chain.from_iterable(
        [ROOT / path] if path.endswith(".py") else (ROOT / path).glob("*.py") for path in FOUND_IN
    )
    codes = {code for file in files for code in codes_of(ast.parse(file.read_text(encoding="utf-8")))}
    assert codes >= {
        "gap", "remainder", "overlap", "sliver", "outside-scope", "outside-parent", "code-reused", "children-left",
        "scope-unknown", "staff-without-grid", "outside-jurisdiction", "code-not-in-net",
    }  # fmt: skip
    assert codes - titles.TITLES.keys() == set()
