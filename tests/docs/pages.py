"""The documentation as tests look at it: its pages, the links in them, and the headings links may lead to."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of a page of docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def all_pages() -> list[Path]:
    """Every page that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(Path(line) for line in listed.stdout.splitlines() if (ROOT / line).exists())


def broken_links(path: Path, text: str) -> list[str]:
    """Links of a page, at `path` in the repository, that lead to no file or to no heading. Others' sites are not asked."""
    return [link for link in _LINK.findall(_FENCE.sub("", text)) if "://" not in link and not _leads(path, link)]


def python_in(text: str) -> list[str]:
    """The Python of a page, block by block."""
    return _PYTHON.findall(text)


def _leads(path: Path, link: str) -> bool:
    where, _, heading = link.partition("#")
    target = ROOT / path.parent / where if where else ROOT / path
    if not target.exists():
        return False
    return not heading or heading in headings(target.read_text(encoding="utf-8"))


def headings(text: str) -> set[str]:
    """The anchors of a page's headings, as web pages of repositories make them."""
    titles = re.findall(r"^#{1,6} (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
