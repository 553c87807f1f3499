"""What the pages tell a reader to do works, and shows what they say it shows."""

import re
from pathlib import Path

import pytest

from gateway.listening import find_port
from tests.acceptance.running import PROJECT, RunningSandbox
from tests.docs.pages import DOCS, steps
from tests.docs.terminal import Terminal

#: Pages whose commands run beside a sandbox in the project's folder.
BESIDE_A_SANDBOX = (
    PROJECT / "README.md",
    DOCS / "tutorial" / "first-document.md",
    DOCS / "how-to" / "why-refused.md",
    DOCS / "how-to" / "sample-messages.md",
    DOCS / "how-to" / "send-a-folder.md",
    DOCS / "how-to" / "schema-packs.md",
    DOCS / "how-to" / "production" / "after-a-crash.md",
    DOCS / "reference" / "cli.md",
)


@pytest.mark.slow
@pytest.mark.parametrize("page", BESIDE_A_SANDBOX, ids=lambda page: page.stem)
def test_everything_a_page_shows_happens_beside_a_sandbox(
    page: Path, sandbox: RunningSandbox, terminal: Terminal
) -> None:
    walk(page.read_text(encoding="utf-8"), terminal)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["code-lists", "add-a-system", "production/signers-of-others"])
def test_everything_a_page_shows_happens_without_a_gateway(page: str, terminal: Terminal) -> None:
    walk((DOCS / "how-to" / f"{page}.md").read_text(encoding="utf-8"), terminal)


def walk(page: str, terminal: Terminal) -> None:
    """Do every step of a page. SYSREF stands for the last sysRef that was shown."""
    sys_ref = ""
    for step in steps(page):
        output = terminal.do(step, SYSREF=sys_ref)
        found = re.findall(r"sysRef ([0-9a-f-]{36})", output)
        sys_ref = found[-1] if found else sys_ref


@pytest.mark.slow
@pytest.mark.postgres
def test_a_gateway_is_set_up_as_the_page_says(empty_postgres_url: str, terminal: Terminal) -> None:
    page = (DOCS / "how-to" / "run-a-gateway.md").read_text(encoding="utf-8")
    assert "postgresql+psycopg://sisc:secret@db.example/sisc" in page

    walk(
        page.replace("postgresql+psycopg://sisc:secret@db.example/sisc", empty_postgres_url).replace(
            "8443", str(find_port("127.0.0.1", 0, option="test"))
        ),
        terminal,
    )
