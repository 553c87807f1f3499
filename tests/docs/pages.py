"""The documentation as data: its pages, their code blocks and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.acceptance.running import PROJECT

__all__ = ["DOCS", "PAGES", "Block", "Step", "blocks", "is_as_shown", "links", "steps"]

DOCS: Final = PROJECT / "docs"
PAGES: Final = sorted([PROJECT / "README.md", *DOCS.rglob("*.md")])

_BLOCK: Final = re.compile(r"^( *)```(\w+)(?: (\w+)=\"([^\"]+)\")?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_EXIT: Final = re.compile(r"# exits (\d)$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: ```` ```language attribute="value" ````.

    The attribute is `title` for a file to be saved under this name, `skip` for what cannot be run in a test,
    with the reason.
    """

    language: str
    attribute: str | None
    value: str | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something a reader types, and what he is told to expect."""

    command: str
    output: str | None = None  # None: not shown, anything will do; … stands for anything
    exit_code: int = 0


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, freed of their indentation."""
    for indent, language, attribute, value, text in _BLOCK.findall(page):
        plain = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
        yield Block(language=language, attribute=attribute or None, value=value or None, text=plain)


def steps(page: str) -> Iterator[Step]:
    """What a reader of a page does, in order.

    Files are saved, `sh` blocks are typed as a whole, `console` blocks line by line: `$ ` begins a command,
    the lines after it are its output. `# exits 1` behind a command tells its exit code.
    """
    for block in blocks(page):
        if block.attribute == "title":
            yield Step(command=f"cat > {block.value} <<'END_OF_FILE'\n{block.text}END_OF_FILE")
        elif block.attribute == "skip":
            continue
        elif block.language == "sh":
            yield Step(command=block.text.rstrip("\n"))
        elif block.language == "console":
            yield from _typed(block.text)


def _typed(text: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        code = _EXIT.search(command)
        yield Step(command=command, output=output.strip() or None, exit_code=int(code[1]) if code else 0)


def is_as_shown(text: str, shown: str) -> bool:
    """Whether a text is what a page shows: … stands for anything, line breaks and blanks do not matter."""
    pattern = ".*".join(re.escape(_words(part)) for part in shown.split("…"))
    return re.fullmatch(pattern, _words(text), re.DOTALL) is not None


def _words(text: str) -> str:
    return " ".join(text.split())


def links(page: str) -> list[str]:
    """Targets of the links of a page, code left out."""
    return _LINK.findall(_CODE.sub("", page))
