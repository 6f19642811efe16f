"""What people copy works: every example compiles, runs against a real platform, and says what it promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.docs.pages import ROOT, page, python_in
from tests.support.running_platform import Platform, until

from madang_server.cli.litellm_config import convert

EXAMPLES = ROOT / "examples"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.py"))
VENDOR_KEYS = {
    "OPENAI_API_KEY": "sk-of-the-example",
    "AZURE_API_KEY": "of-the-example",
    "AZURE_API_BASE": "https://example.openai.azure.com",
}


def run(platform: Platform, *command: str, key: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """What a Python program says to somebody with the sandbox's key, or `key`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    given = {"MADANG_API_KEY": key or sandbox_key(platform), "MADANG_BASE_URL": platform.url, "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *command],
        env={**inherited, **given, **more},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def sandbox_key(platform: Platform) -> str:
    return (platform.home / "run" / "sandbox.key").read_text().strip()


def example(platform: Platform, name: str) -> str:
    """What an example prints; fails when it fails."""
    ended = run(platform, str(EXAMPLES / name))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def sandbox_project(platform: Platform) -> str:
    organisations = platform.browser().get("/api/session").json["organisations"]
    return str(next(project["id"] for o in organisations for project in o["projects"] if project["is_sandbox"]))


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_compiles(name: str) -> None:
    compile((EXAMPLES / name).read_text(encoding="utf-8"), name, "exec")


def test_every_example_is_in_the_table() -> None:
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    shown = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".mjs", ".yaml")}
    assert {name for name in shown if f"]({name})" not in table} == set()


def test_the_openai_client_gets_answers_headers_streams_vectors_and_errors(platform: Platform) -> None:
    said = example(platform, "openai_client.py")
    assert "answer: Simulated answer:" in said
    assert "stream: Simulated answer:" in said
    assert "x-madang-attempts: 1" in said
    assert "vectors: 2 of 1536 numbers" in said
    assert "error: model_not_found" in said


def test_the_anthropic_client_gets_an_answer_a_stream_a_tool_and_an_error(platform: Platform) -> None:
    said = example(platform, "anthropic_client.py")
    lines = said.splitlines()
    assert lines[0].removeprefix("answer:").strip()
    assert "x-madang-trace-id: None" not in said
    assert "tool: [('weather', {'city':" in said
    assert lines[-1] == "error: 404"


def test_the_sdk_gets_an_answer_its_cost_and_reasons(platform: Platform) -> None:
    said = example(platform, "sdk_sync.py")
    assert "answer: Simulated answer:" in said
    assert "failed: server_error 500" in said
    assert "refused: Model 'no-such-model' is not set up in this project." in said


def test_the_sdk_makes_several_calls_at_once(platform: Platform) -> None:
    said = example(platform, "sdk_async.py")
    assert [line.partition(":")[0] for line in said.splitlines()] == ["마당", "나무", "바람"]
    assert said.count(" USD)") == 3


def test_the_sdk_streams_in_both_modes(platform: Platform) -> None:
    said = example(platform, "sdk_stream.py")
    assert "direct: Simulated answer:" in said
    assert "gateway: Simulated answer:" in said


def test_the_fake_client_needs_no_platform() -> None:
    ended = subprocess.run(
        [sys.executable, str(EXAMPLES / "fake_client.py")],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == "both hold\n"


def test_a_span_of_ones_own_becomes_a_trace(platform: Platform) -> None:
    said = example(platform, "otlp_span.py")
    trace = platform.trace(said.split()[-1], sandbox_project(platform))
    assert trace["trace"]["model"] == "llama-3.3-70b"
    assert trace["trace"]["session_id"] == "example-session"
    assert (trace["trace"]["input_tokens"], trace["trace"]["cost_usd"]) == (3, None)


def test_the_apply_file_applies_and_is_then_in_force(platform: Platform) -> None:
    project_id, key = platform.new_project()
    command = ("-m", "madang_server.cli", "apply", str(EXAMPLES / "project.yaml"))
    first = run(platform, *command, key=key, **VENDOR_KEYS)
    assert first.returncode == 0, first.stderr
    again = run(platform, *command, key=key, **VENDOR_KEYS)
    assert "6 unchanged" in again.stdout
    known = until(lambda: platform.send("GET", "/v1/models", key=key).json["data"], "the models are in force")
    assert {model["id"] for model in known} == {"gpt-4o", "gpt-4o-mini", "house-llama"}
    stored = platform.browser().get(f"/api/projects/{project_id}/credentials")
    assert VENDOR_KEYS["OPENAI_API_KEY"] not in stored.body.decode()


def test_the_apply_file_says_which_variables_are_missing(platform: Platform) -> None:
    empty = dict.fromkeys(VENDOR_KEYS, "")
    ended = run(platform, "-m", "madang_server.cli", "apply", str(EXAMPLES / "project.yaml"), **empty)
    assert ended.returncode == 1
    assert all(name in ended.stderr for name in VENDOR_KEYS)


def test_the_litellm_configuration_is_taken_over_as_far_as_the_page_says() -> None:
    converted = convert(yaml.safe_load((EXAMPLES / "litellm_config.yaml").read_text(encoding="utf-8")))
    assert [model["alias"] for model in converted.document["models"]] == ["gpt-4o", "llama", "claude"]
    assert {model["routing"]["strategy"] for model in converted.document["models"]} == {"least_busy"}
    said = " ".join(remark.text for remark in converted.remarks)
    for left in ("rpm", "cooldown_time", "general_settings"):
        assert left in said


def test_the_apply_file_in_the_page_is_one_the_platform_takes(platform: Platform, tmp_path: Path) -> None:
    block = page("models-and-credentials.md").partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "page.yaml"
    file.write_text(block, encoding="utf-8")
    _, key = platform.new_project()
    ended = run(platform, "-m", "madang_server.cli", "apply", str(file), "--dry-run", key=key, **VENDOR_KEYS)
    assert "2 created" in ended.stdout, ended.stderr


def test_the_python_of_the_sdk_page_runs(platform: Platform) -> None:
    for block in python_in(page("sdk.md")):
        ready = block.replace('"sk-md-…"', json.dumps(sandbox_key(platform)))
        ready = ready.replace("http://127.0.0.1:7600", platform.url)
        ended = run(platform, "-c", ready)
        assert ended.returncode == 0, ended.stderr
