"""A migration that is applied while the version before works on takes nothing away from it."""

import ast
import re
from pathlib import Path

import pytest

from gateway.store import migrations

_VERSIONS = sorted((Path(migrations.__file__).parent / "versions").glob("v*.py"))
_TAKE_AWAY = {"drop_table", "drop_column", "rename_table", "alter_column", "batch_alter_table"}
_SQL = re.compile(r"DROP\s+(TABLE|COLUMN)|RENAME|SET\s+NOT\s+NULL", re.IGNORECASE)


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == name]


def _must_be_filled(column: ast.Call) -> bool:
    """Whether who does not know the column cannot add a row."""
    told = {keyword.arg: ast.unparse(keyword.value) for keyword in column.keywords}
    return told.get("nullable") == "False" and "server_default" not in told


def complaints(source: str) -> list[str]:
    """What in a migration an older version could stumble over."""
    tree = ast.parse(source)
    found = [name for name in sorted(_TAKE_AWAY) if _calls(tree, name)]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    found += [text for text in texts if isinstance(text, str) and _SQL.search(text)]
    added = [column for call in _calls(tree, "add_column") for column in _calls(call, "Column")]
    return found + [ast.unparse(column) for column in added if _must_be_filled(column)]


@pytest.mark.parametrize("path", _VERSIONS, ids=lambda path: path.stem)
def test_a_migration_before_an_upgrade_only_adds(path: Path) -> None:
    if "_pre_" in path.stem:
        assert complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("documents", "lrn")',
        'op.alter_column("documents", "lrn", nullable=False)',
        'op.execute("ALTER TABLE documents RENAME lrn TO local")',
        'op.add_column("documents", sa.Column("lrn", sa.Text(), nullable=False))',
    ],
)
def test_what_takes_away_is_found(line: str) -> None:
    assert len(complaints(line)) == 1


def test_what_adds_is_let_through() -> None:
    lines = (
        'op.add_column("documents", sa.Column("lrn", sa.Text(), nullable=True))',
        'op.add_column("documents", sa.Column("lrn", sa.Text(), nullable=False, server_default="x"))',
        'op.create_table("new", sa.Column("id", sa.Text(), nullable=False))',
        'op.drop_index("ix_documents_lrn", "documents")',
    )
    assert complaints("\n".join(lines)) == []
