"""Thousands of broken requests at a running platform: each is answered, in its dialect's shape, and nothing breaks inside.

MADANG_FUZZ_REQUESTS says how many (1,500 without it) and MADANG_FUZZ_SEED which.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from tests.gateway.broken_requests import Breaker, Broken
from tests.limits.callers import LimitedProject
from tests.matrix.columns import COLUMNS
from tests.support.running_platform import Platform, until

pytestmark = pytest.mark.xdist_group("platform")

REQUESTS = int(os.environ.get("MADANG_FUZZ_REQUESTS", "1500"))
SEED = int(os.environ.get("MADANG_FUZZ_SEED", "20"))
AT_ONCE = 8
LONGEST_S = 30
LONGEST_MESSAGE = 4_000  # characters

_INSIDE = re.compile(rb"Traceback|File \"|\.py\b|madang_server|site-packages|object at 0x")
_FAILED = re.compile(r"Traceback|failed\n|A call failed|was lost|could not be (?:written|kept)")
_MORE_USES: Mapping[str, Mapping[str, str]] = {
    "openai": {"moderations": "omni-moderation-latest", "rerank": "rerank-v3.5"},
    "bedrock": {"rerank": "cohere.rerank-v3-5:0"},
    "litellm": {"rerank": "hosted_vllm/bge-reranker"},
}


@dataclass(frozen=True)
class Answered:
    """What came back for a broken request. `status` 0 is nothing; then `fault` says why."""

    broken: Broken
    status: int
    content_type: str
    body: bytes
    fault: str = ""


@dataclass
class Storm:
    """All answers, and what the platform wrote into its log meanwhile."""

    platform: Platform
    project: LimitedProject
    concurrency: str
    answers: list[Answered]
    log: str

    def wrong(self, *reasons: tuple[Answered, str]) -> str:
        """The first wrong answers, for a person to read."""
        return "\n".join(f"{reason}: {told(answered)}" for answered, reason in reasons[:20])


def told(answered: Answered) -> str:
    broken = answered.broken
    return f"{broken.method} {broken.path[:60]} {broken.what} -> {answered.status} {answered.body[:300]!r} {answered.fault}"


def models_of(platform: Platform, project: LimitedProject) -> Mapping[str, Sequence[str]]:
    """Aliases by use: one of every vendor for each that it can be asked."""
    document: dict[str, Any] = {"credentials": [], "models": []}
    aliases: dict[str, list[str]] = {}
    passed_to = set()
    for column in COLUMNS:
        for entered in column.credentials(platform.simulator):
            if entered["name"].startswith("wrong-") or (column.vendor in passed_to and column.vendor == "openai"):
                continue
            address = {"base_url": platform.simulator.vendor_url("passed") + column.below}
            document["credentials"].append({**address, **entered})
            passed_to.add(column.vendor)
        uses = {**column.models, **_MORE_USES.get(column.vendor, {})}
        for use in uses:
            alias = f"{column.name.replace(' ', '-')}-{use}"
            deployment = column.deployment(platform.simulator, use, name=alias)
            deployment["vendor_model"] = uses[use]
            platform.simulator.configure(alias, asks_for_key=column.secret is not None)
            document["models"].append({"alias": alias, "deployments": [deployment], "retries": 0})
            aliases.setdefault("chat" if use == "reasoning" else use, []).append(alias)
    unique = {entered["name"]: entered for entered in document["credentials"]}
    platform.apply({**document, "credentials": list(unique.values())}, key=project.key)
    return aliases


@pytest.fixture(scope="module")
def storm(platform: Platform) -> Storm:
    return storm_on(platform, REQUESTS, SEED)


def storm_on(platform: Platform, requests: int, seed: int) -> Storm:
    """Sends so many broken requests, several at the same time."""
    project = LimitedProject(platform)
    models = models_of(platform, project)
    concurrency = project.limit("concurrency", 100)
    project.limit("tokens_per_minute", 10**12)
    project.limit("usd_per_day", 10**6)
    breaker = Breaker(seed, project.key, models)
    broken = [breaker.next() for _ in range(requests)]
    log_file = platform.home / "logs" / "server.log"
    log_begins = log_file.stat().st_size
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda one: answer_of(platform.port, one), broken))
    log = log_file.read_bytes()[log_begins:].decode(errors="replace")
    return Storm(platform, project, concurrency, answers, log)


def answer_of(port: int, broken: Broken) -> Answered:
    """Sends the request's bytes as they are, on a connection of its own."""
    lines = [f"{broken.method} {broken.path} HTTP/1.1\r\n".encode()]
    names = {name for name, _ in broken.headers}
    plain = [(b"host", b"127.0.0.1"), (b"connection", b"close"), (b"content-length", b"%d" % len(broken.body))]
    framed = {b"content-length", b"transfer-encoding"} & names
    for name, value in [
        *broken.headers,
        *(p for p in plain if p[0] not in names and not (p[0] == b"content-length" and framed)),
    ]:
        lines.append(name + b": " + value + b"\r\n")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S) as connection:
            with contextlib.suppress(ConnectionError):  # refused before everything was sent
                connection.sendall(b"".join(lines) + b"\r\n" + broken.body)
            response = http.client.HTTPResponse(connection, method=broken.method)
            response.begin()
            body = response.read()
            return Answered(broken, response.status, response.headers.get("content-type", ""), body)
    except (OSError, http.client.HTTPException) as fault:
        return Answered(broken, 0, "", b"", f"{type(fault).__name__}: {fault}")


def test_every_broken_request_is_answered(storm: Storm) -> None:
    wrong = [(one, "no answer") for one in storm.answers if one.status == 0]
    assert not wrong, storm.wrong(*wrong)


def test_no_broken_request_is_our_fault(storm: Storm) -> None:
    wrong = [(one, "our fault") for one in storm.answers if one.status == 500 or b"internal_error" in one.body]
    assert not wrong, storm.wrong(*wrong)


def test_no_answer_shows_what_is_inside(storm: Storm) -> None:
    wrong = [(one, "shows its inside") for one in storm.answers if _INSIDE.search(one.body)]
    assert not wrong, storm.wrong(*wrong)


def test_every_refusal_has_the_shape_of_its_dialect(storm: Storm) -> None:
    wrong = [(one, fault) for one in storm.answers if one.status >= 400 and (fault := shape_fault(one))]
    assert not wrong, storm.wrong(*wrong)


def shape_fault(answered: Answered) -> str:
    """What is wrong with the error's shape, or nothing."""
    if answered.broken.method == "HEAD":
        return ""
    try:
        body = json.loads(answered.body)
    except ValueError:
        return "" if answered.broken.shape == "vendor" else "no JSON"
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and len(str(error.get("message"))) > LONGEST_MESSAGE:
        return "a message without an end"
    if not isinstance(error, dict) or not isinstance(error.get("message"), str) or not error["message"]:
        return "no error with a message"
    if answered.broken.shape == "vendor":  # the vendor's own, or ours
        return ""
    is_unread = error.get("code") in ("invalid_http", "headers_too_large")  # nobody knows yet who is asking
    is_anthropics = answered.broken.shape == "anthropic" or (
        answered.broken.path.startswith("/v1/models")
        and any(name == b"anthropic-version" for name, _ in answered.broken.headers)
    )
    if is_anthropics and not is_unread:
        right = body.get("type") == "error" and isinstance(error.get("type"), str)
        return "" if right else "not Anthropic's shape"
    return "" if {"type", "param", "code"} <= set(error) else "not OpenAI's shape"


def test_nothing_failed_inside(storm: Storm) -> None:
    found = _FAILED.search(storm.log)
    assert found is None, storm.log[max(found.start() - 3_000, 0) : found.end() + 3_000] if found else ""


def test_no_call_is_left_in_the_books(storm: Storm) -> None:
    project = storm.project
    project.until_used(storm.concurrency, 0)
    until(lambda: storm.platform.simulator.requests(limit=0)["in_flight"] == 0, "no vendor works any more")
    asked = storm.platform.browser().get(f"/api/projects/{project.id}/models")
    assert asked.status == 200
    assert set(re.findall(rb'"in_flight":(\d+)', asked.body)) <= {b"0"}
