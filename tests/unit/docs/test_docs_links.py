"""What the documentation points to is there: files, headings, and targets of the Makefile."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)
CODE = re.compile(r"`([^`\n]+)`")
MAKES = re.compile(r"^(?:\w+=\S+ )*make ([a-z][a-z-]*)", re.M)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.M)


def _pages() -> list[Path]:
    """Every page that git keeps; others lie in environments and builds."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.splitlines()]


PAGES = _pages()


def _anchors(page: Path) -> set[str]:
    """Names that GitHub gives to the headings of a page."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


def _astray(page: Path) -> Iterator[str]:
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if ":" in path:  # elsewhere on the web
            continue
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    assert not list(_astray(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_that_is_named_is_in_the_makefile(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {name for code in (*FENCED.findall(text), *CODE.findall(text)) for name in MAKES.findall(code)}
    assert named <= set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def test_the_pages_are_found_and_hold_links_and_targets() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert sum(len(LINK.findall(text)) for text in texts) > 50
    assert sum(len(MAKES.findall(text)) for text in texts) > 10
