"""A start does not load the price list for models whose prices it has seen, and still says what the list says."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from madang_server.prices.catalogue import bundled
from madang_server.prices.remembered import RememberedList

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MODELS = [
    ("openai", "gpt-4o"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro"),
    ("openai", "nobody-knows-it"),
]

_LATER_PROCESS = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from madang_server.prices.catalogue import bundled
from madang_server.prices.remembered import RememberedList
prices = RememberedList(bundled(), Path(sys.argv[1]))
found = prices.find("openai", "gpt-4o", at=datetime(2026, 11, 22, 13, tzinfo=UTC))
print(found.price.output, "genai_prices" in sys.modules)
"""


def remembered(path: Path) -> RememberedList:
    return RememberedList(bundled(), path)


@pytest.mark.parametrize(("vendor", "model"), MODELS)
def test_what_is_remembered_is_what_the_list_says(tmp_path: Path, vendor: str, model: str) -> None:
    path = tmp_path / "prices.json"
    first = remembered(path)
    first.find(vendor, model, at=NOW)
    first.save()
    assert remembered(path).find(vendor, model, at=NOW + timedelta(hours=1)) == bundled().find(vendor, model, at=NOW)


def test_a_later_process_does_not_load_the_list_for_a_model_it_has_seen(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    first = remembered(path)
    first.find("openai", "gpt-4o", at=NOW)
    first.save()
    later = subprocess.run(
        [sys.executable, "-c", _LATER_PROCESS, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert later.stdout.split() == ["10", "False"]


def test_an_answer_counts_until_the_model_has_another_price(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    first = remembered(path)
    found = first.find("litellm", "deepseek/deepseek-chat", at=NOW)
    first.save()
    assert found is not None
    at = found.changes_at or NOW + timedelta(days=1)
    assert remembered(path).find("litellm", "deepseek/deepseek-chat", at=at) == bundled().find(
        "litellm", "deepseek/deepseek-chat", at=at
    )


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"source":"another list 1.0","answers":[]}'])
def test_a_file_that_cannot_be_used_is_written_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(content)
    prices = remembered(path)
    assert prices.find("openai", "gpt-4o", at=NOW) == bundled().find("openai", "gpt-4o", at=NOW)
    prices.save()
    assert b"gpt-4o" in path.read_bytes()


def test_a_directory_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    prices = remembered(tmp_path / "taken" / "prices.json")
    assert prices.find("openai", "gpt-4o", at=NOW) is not None
    prices.save()
