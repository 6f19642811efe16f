"""What a request needs of a model, and what is held against a target that lacks it."""

from typing import Any

import pytest
from tests.sdk.request_builder import request, target

from madang.calls.operation import OPERATIONS, Operation
from madang.calls.target import Feature
from madang.routing.needs import Needs, is_too_long_for, needs_of, unmet_by


def asked(*parts: dict[str, Any], **body: Any) -> Needs:
    content: Any = list(parts) if parts else "What is a madang?"
    return needs_of(request(body={"messages": [{"role": "user", "content": content}], **body}))


@pytest.mark.parametrize(
    ("part", "feature"),
    [
        ({"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}, "vision"),
        ({"type": "input_image", "image_url": "https://x.example/a.png"}, "vision"),
        ({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}, "audio"),
        ({"type": "file", "file": {"file_id": "f"}}, "documents"),
        ({"type": "input_file", "file_id": "f"}, "documents"),
    ],
)
def test_a_file_needs_a_model_that_reads_it(part: dict[str, Any], feature: Feature) -> None:
    assert asked({"type": "text", "text": "And this?"}, part).features == {feature}


def test_tools_and_schemas_are_needed_when_they_are_asked_for() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}}
    assert asked(tools=[tool]).features == {"tools"}
    assert asked(response_format=schema).features == {"structured_output"}
    assert asked(tools=[], response_format={"type": "json_object"}).features == frozenset()


def test_a_request_of_the_responses_api_is_read_as_well() -> None:
    image = {"type": "input_image", "image_url": "https://x.example/a.png"}
    body: dict[str, Any] = {
        "input": [{"role": "user", "content": [image, {"type": "input_text", "text": "x" * 445}]}],
        "instructions": "y" * 445,
        "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
        "messages": None,
    }
    assert needs_of(request(operation="responses", body=body)) == Needs(
        "responses", frozenset({"vision", "structured_output"}), 202
    )
    body |= {"input": "z" * 445, "instructions": None, "text": None}
    assert needs_of(request(operation="responses", body=body)) == Needs("responses", frozenset(), 101)


@pytest.mark.parametrize("messages", [None, 7, [7], [{"content": 7}], [{"content": [7, {"type": []}]}], [{}], {}])
def test_what_cannot_be_read_needs_nothing(messages: Any) -> None:
    assert needs_of(request(body={"messages": messages})) == Needs("chat", frozenset(), 0)


def test_a_korean_prompt_is_longer_in_tokens_than_an_english_one_of_as_many_letters() -> None:
    english = asked({"type": "text", "text": "a" * 1000}).prompt_tokens
    korean = asked({"type": "text", "text": "마" * 1000}).prompt_tokens
    assert english == 227
    assert korean == 682


def test_the_file_itself_is_no_text() -> None:
    data = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    assert asked(data).prompt_tokens == 0


@pytest.mark.parametrize("feature", ["vision", "audio", "documents", "tools", "structured_output"])
def test_a_target_that_is_known_to_lack_something_cannot_serve(feature: Feature) -> None:
    needs = Needs(features=frozenset({feature}))
    assert unmet_by(target(supports=frozenset()), needs) == f"has no {feature}"
    assert unmet_by(target(supports=frozenset({feature})), needs) == ""
    assert unmet_by(target(supports=None), needs) == "", "nothing is known against it"


def test_all_that_is_missing_is_named() -> None:
    needs = Needs(features=frozenset({"vision", "tools"}))
    assert unmet_by(target(supports=frozenset()), needs) == "has no tools, vision"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_vendor_without_the_operation_cannot_serve(operation: Operation) -> None:
    chats = ("chat", "responses", "messages", "count_tokens")
    expected = "" if operation in chats else f"anthropic has no {operation}"
    assert unmet_by(target(vendor="anthropic"), Needs(operation)) == expected
    of_openai = "openai has no count_tokens" if operation == "count_tokens" else ""
    assert unmet_by(target(vendor="openai"), Needs(operation)) == of_openai


def test_only_what_is_clearly_too_long_counts_as_that() -> None:
    small = target(context_window=1000)
    assert not is_too_long_for(small, Needs(prompt_tokens=1100))
    assert is_too_long_for(small, Needs(prompt_tokens=1200))
    assert not is_too_long_for(target(), Needs(prompt_tokens=10**9))
