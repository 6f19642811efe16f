"""The platform dead, slow, broken or foreign: calls go on with what is known, and the first error says what to do."""

import logging

import pytest
from tests.sdk.client.conftest import MESSAGES
from tests.sdk.client.small_platform import KEY, SmallPlatform, deployment, model
from tests.sdk.waiting import until

from madang import ConfigError, Madang, PlatformRefused, PlatformUnavailable
from madang.client.knowledge import Knowledge
from madang.studio.platform import Platform
from madang_simulator import RunningSimulator

GARBAGE = [(200, b"<html>Welcome</html>"), (200, b"[]"), (200, b"{}"), (500, b"oops"), (502, b"<html>"), (302, b"")]


def ask(client: Madang, name: str = "chat") -> str:
    answer = client.chat.completions.create(model=name, messages=MESSAGES)
    assert answer.choices[0].message.content
    return answer.choices[0].message.content


def knowledge(platform: SmallPlatform, *, timeout_s: float = 5.0) -> Knowledge:
    """What a client knows, refreshed all the time."""
    return Knowledge(Platform(platform.url, KEY, timeout_s=timeout_s), refresh_s=0.02)


# The first call


def test_a_first_call_without_a_platform_says_where_it_was_looked_for(platform: SmallPlatform, client: Madang) -> None:
    platform.stop()
    with pytest.raises(PlatformUnavailable) as caught:
        ask(client)
    assert platform.url in str(caught.value)
    assert "MADANG_BASE_URL" in str(caught.value)


def test_a_client_that_started_too_early_works_as_soon_as_the_platform_is_there(
    platform: SmallPlatform, client: Madang
) -> None:
    platform.stop()
    with pytest.raises(PlatformUnavailable):
        ask(client)
    platform.start()
    assert ask(client)


@pytest.mark.parametrize("answer", GARBAGE)
def test_a_stranger_at_the_platforms_address_is_told_apart(
    platform: SmallPlatform, client: Madang, answer: tuple[int, bytes]
) -> None:
    platform.broken = answer
    with pytest.raises(PlatformUnavailable, match=r"platform|Madang"):
        ask(client)


def test_a_wrong_key_is_refused_in_the_platforms_words(platform: SmallPlatform) -> None:
    with (
        Madang("sk-md-wrong", platform.url) as client,
        pytest.raises(PlatformRefused, match="unknown or was revoked") as e,
    ):
        ask(client)
    assert e.value.status == 401


def test_an_unknown_model_is_told_with_those_that_are_known(client: Madang) -> None:
    with pytest.raises(ConfigError, match=r"'gone' is not set up in this project. Known models: chat, embed"):
        ask(client, "gone")


def test_a_model_added_a_moment_ago_is_found(
    platform: SmallPlatform, client: Madang, simulator: RunningSimulator
) -> None:
    ask(client)
    platform.models.append(model("new", deployment("new", simulator.openai_url("new"))))
    assert ask(client, "new")


# Later calls


def test_calls_go_on_while_the_platform_is_dead(platform: SmallPlatform, client: Madang) -> None:
    ask(client)
    platform.stop()
    for _ in range(3):
        assert ask(client)


@pytest.mark.parametrize("answer", GARBAGE)
def test_what_is_known_holds_while_the_platform_is_broken(platform: SmallPlatform, answer: tuple[int, bytes]) -> None:
    known = knowledge(platform)
    try:
        known.route("chat")
        platform.lease_s = 0.0
        platform.broken = answer
        seen = len(platform.asked)
        until(lambda: len(platform.asked) > seen + 3, "the platform is asked again and again")
        assert known.has("chat")
        assert known.key_of("cred_1")
        platform.broken = None
        platform.models.append(model("new"))
        until(lambda: known.has("new"), "the client has learned what is new")
    finally:
        known.close()


def test_leases_are_kept_while_the_platform_cannot_renew_them(platform: SmallPlatform) -> None:
    platform.lease_s = 0.0  # due at once
    known = knowledge(platform)
    try:
        known.route("chat")
        platform.broken, platform.broken_paths = (503, b""), ("/api/sdk/lease",)
        until(lambda: platform.asked.count("/api/sdk/lease") > 3, "renewal is tried again and again")
        assert known.key_of("cred_1")
        platform.broken, platform.credentials = None, {"cred_1": "sk-vendor-rotated"}
        until(lambda: known.key_of("cred_1") == "sk-vendor-rotated", "the new key has arrived")
    finally:
        known.close()


def test_a_revoked_key_stops_calls_and_forgets_the_vendors_keys(platform: SmallPlatform) -> None:
    platform.lease_s = 0.0
    known = knowledge(platform)
    try:
        known.route("chat")
        platform.keys.clear()
        until(lambda: not known.has("chat"), "the client knows that its key was revoked")
        with pytest.raises(PlatformRefused, match="revoked"):
            known.route("chat")
        until(lambda: not known.key_of("cred_1"), "the vendor's key is forgotten")
        platform.keys.add(KEY)
        until(lambda: _answers(known), "a key that is valid again works again")
    finally:
        known.close()


def test_a_platform_that_hangs_does_not_hold_up_calls_that_need_nothing_from_it(
    platform: SmallPlatform, client: Madang
) -> None:
    ask(client)
    platform.hangs.clear()
    assert ask(client)
    platform.hangs.set()


def test_a_platform_that_hangs_at_the_first_call_is_given_up(platform: SmallPlatform) -> None:
    platform.hangs.clear()
    known = knowledge(platform, timeout_s=0.05)
    try:
        with pytest.raises(PlatformUnavailable, match="TimeoutError"):
            known.route("chat")
    finally:
        known.close()


# Traces


def test_traces_arrive_after_the_platform_has_come_back(platform: SmallPlatform, client: Madang) -> None:
    platform.broken, platform.broken_paths = (503, b""), ("/v1/traces",)
    ask(client)
    assert not client.flush(0.5)
    platform.broken = None
    until(lambda: client.flush(0.2), "the traces have been delivered")
    (trace,) = platform.traces().values()
    assert [span.kind for span in trace] == ["generation", "attempt"]
    assert client.dropped_spans == 0


def test_closing_delivers_what_is_left(platform: SmallPlatform) -> None:
    with Madang(KEY, platform.url, environment="staging", release="v7") as client:
        answer = client.chat.completions.create(
            model="chat", messages=MESSAGES, session_id="s1", user_id="u1", tags=["a", "b"], trace_id="ab" * 16
        )
    root, attempt = platform.spans
    assert root.trace_id == answer.call.trace_id == "ab" * 16
    assert (root.session_id, root.user_id, root.tags) == ("s1", "u1", ("a", "b"))
    assert (root.environment, root.release, root.cost_usd) == ("staging", "v7", answer.call.cost_usd)
    assert attempt.parent_span_id == root.span_id


def test_closing_a_client_whose_platform_is_dead_ends_and_counts_what_was_lost(
    platform: SmallPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    client = Madang(KEY, platform.url)
    ask(client)
    platform.stop()
    with caplog.at_level(logging.WARNING):
        client.close()
    assert client.dropped_spans == 2
    assert "dropped" in caplog.text


def test_traces_that_the_platform_refuses_are_dropped_and_do_not_block_the_next(
    platform: SmallPlatform, client: Madang
) -> None:
    platform.broken, platform.broken_paths = (400, b'{"error":{"message":"no"}}'), ("/v1/traces",)
    ask(client)
    until(lambda: client.flush(0.5), "the refused ones are done with")
    assert client.dropped_spans == 2
    platform.broken = None
    ask(client)
    assert client.flush(10)
    assert len(platform.traces()) == 1


def test_a_call_that_fails_is_traced_with_all_its_attempts(
    platform: SmallPlatform, client: Madang, simulator: RunningSimulator
) -> None:
    for name in ("east", "west"):
        simulator.configure(name, faults=[{"kind": "quota"}])
    with pytest.raises(Exception, match="2 attempts"):
        ask(client)
    assert client.flush(10)
    root, first, second = platform.spans
    assert (root.status, root.error_type, root.attempts) == ("error", "quota_exhausted", 2)
    assert (first.deployment, second.deployment) == ("east", "west")


def _answers(known: Knowledge) -> bool:
    try:
        known.route("chat")
    except PlatformRefused:
        return False
    return True
