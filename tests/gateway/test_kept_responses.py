"""Responses of vendors that keep none: gone on with, read again, deleted, and nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest
from openai import OpenAI
from tests.gateway.every_vendor import WEATHER, last_request, model_of, models_of
from tests.support.running_platform import Platform
from tests.support.simulated_vendors import deployment_of

from madang_server.accounts.organisations import Organisation, Project, add_organisation, add_project
from madang_server.responses.store import KEPT_FOR, KeptResponse, ResponseStore
from madang_server.storage.sql.engine import Database

pytestmark = pytest.mark.xdist_group("platform")


def project_in(database: Database, now: datetime) -> str:
    with database.transaction() as connection:
        add_organisation(connection, Organisation(id="o", name="Ours", created_at=now))
        add_project(connection, Project(id="p", organisation_id="o", name="First", is_sandbox=False, created_at=now))
    return "p"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("vendor", ["anthropic", "gemini", "bedrock"])
def test_a_conversation_goes_on_by_the_previous_response(platform: Platform, vendor: str, stream: bool) -> None:
    deployment = deployment_of(platform.simulator, vendor)
    alias = models_of(platform, deployment)
    client = platform.openai(max_retries=0)
    if stream:
        with client.responses.stream(model=alias, input="My name is Sena.") as events:
            first: Any = events.get_final_response()
    else:
        first = client.responses.create(model=alias, input="My name is Sena.")
    assert first.store is True
    second = client.responses.create(model=alias, input="What is my name?", previous_response_id=first.id)
    third = client.responses.create(model=alias, input="Sure?", previous_response_id=second.id)
    assert second.previous_response_id == first.id
    assert third.output_text
    sent = json.dumps(last_request(platform, deployment)["body"], ensure_ascii=False)
    for words in ("My name is Sena.", first.output_text[:20], "What is my name?", second.output_text[:20], "Sure?"):
        assert json.dumps(words, ensure_ascii=False)[1:-1] in sent


def test_a_tools_result_goes_on_by_the_previous_response(platform: Platform) -> None:
    alias = model_of(platform, "gemini", vendor_model="gemini-3-pro-preview")
    client = platform.openai(max_retries=0)
    tool: Any = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
    first = client.responses.create(model=alias, input="Weather?", tools=[tool], tool_choice="required")
    results: Any = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "Sunny."}
        for item in first.output
        if item.type == "function_call"
    ]
    assert results
    second = client.responses.create(model=alias, input=results, tools=[tool], previous_response_id=first.id)
    assert second.output


def test_a_conversation_may_go_on_at_openai(platform: Platform) -> None:
    claude = model_of(platform, "anthropic", vendor_model="claude-opus-4-5")
    deployment = deployment_of(platform.simulator, "openai")
    gpt = models_of(platform, deployment)
    client = platform.openai(max_retries=0)
    first = client.responses.create(model=claude, input="My name is Sena.", reasoning={"effort": "medium"})
    assert any(item.type == "reasoning" for item in first.output)
    second = client.responses.create(model=gpt, input="What is my name?", previous_response_id=first.id)
    assert second.output_text
    sent = last_request(platform, deployment)["body"]
    assert "previous_response_id" not in sent
    assert [item["type"] for item in sent["input"]] == ["message", "message", "message"]


def test_openais_own_responses_are_gone_on_with_at_openai(platform: Platform) -> None:
    deployment = deployment_of(platform.simulator, "openai")
    alias = models_of(platform, deployment)
    client = platform.openai(max_retries=0)
    first = client.responses.create(model=alias, input="Hi.")
    client.responses.create(model=alias, input="And?", previous_response_id=first.id)
    assert last_request(platform, deployment)["body"]["previous_response_id"] == first.id


def test_openais_own_responses_cannot_be_gone_on_with_elsewhere(platform: Platform) -> None:
    gpt, claude = model_of(platform, "openai"), model_of(platform, "anthropic")
    client = platform.openai(max_retries=0)
    first = client.responses.create(model=gpt, input="Hi.")
    with pytest.raises(openai.BadRequestError, match="send the conversation as input") as raised:
        client.responses.create(model=claude, input="And?", previous_response_id=first.id)
    assert raised.value.code == "previous_response_not_found"


def test_a_response_is_read_again_with_what_it_was_given(platform: Platform) -> None:
    alias = model_of(platform, "anthropic")
    client = platform.openai(max_retries=0)
    first = client.responses.create(model=alias, input="Hi.", metadata={"a": "b"})
    second = client.responses.create(model=alias, input="And?", previous_response_id=first.id)
    read = client.responses.retrieve(first.id)
    assert read.output_text == first.output_text
    assert read.metadata == {"a": "b"}
    items: list[Any] = client.responses.input_items.list(second.id).data
    assert [item.role for item in items] == ["user", "assistant", "user"]
    assert [items[0].content[0].text, items[2].content[0].text] == ["And?", "Hi."]


def test_a_deleted_response_is_gone(platform: Platform) -> None:
    alias = model_of(platform, "anthropic")
    client = platform.openai(max_retries=0)
    first = client.responses.create(model=alias, input="Hi.")
    client.responses.delete(first.id)
    gone: list[Callable[[], object]] = [
        lambda: client.responses.retrieve(first.id),
        lambda: client.responses.delete(first.id),
        lambda: client.responses.input_items.list(first.id),
    ]
    for ask in gone:
        with pytest.raises(openai.NotFoundError):
            ask()
    with pytest.raises(openai.BadRequestError, match="was deleted"):
        client.responses.create(model=alias, input="And?", previous_response_id=first.id)


def test_what_should_not_be_stored_is_not(platform: Platform) -> None:
    alias = model_of(platform, "anthropic")
    client = platform.openai(max_retries=0)
    first: Any = client.responses.create(model=alias, input="Hi.", store=False)
    assert first.store is False
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_another_project_never_gets_it(platform: Platform) -> None:
    alias = model_of(platform, "anthropic")
    first = platform.openai(max_retries=0).responses.create(model=alias, input="Hi.")
    _, key = platform.new_project()
    with OpenAI(api_key=key, base_url=f"{platform.url}/v1", max_retries=0) as stranger:
        with pytest.raises(openai.NotFoundError):
            stranger.responses.retrieve(first.id)
        with pytest.raises(openai.NotFoundError):
            stranger.responses.delete(first.id)
    assert platform.openai().responses.retrieve(first.id).id == first.id


def test_a_stranger_is_not_let_in(platform: Platform) -> None:
    assert platform.send("GET", "/v1/responses/resp_md1", key="sk-md-nobodys").status == 401
    assert platform.send("PUT", "/v1/responses/resp_md1").status == 405
    assert platform.send("GET", "/v1/responses/resp_md1/other").status == 404


def test_a_response_is_kept_for_thirty_days(database: Database) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    project_id = project_in(database, now)
    store = ResponseStore(database, lambda: now)

    async def kept(name: str) -> KeptResponse | None:
        return await store.find(project_id, name)

    asyncio.run(store.keep(project_id, "resp_md1", KeptResponse(b"[]", b"{}")))
    now += KEPT_FOR
    assert asyncio.run(kept("resp_md1")) == KeptResponse(b"[]", b"{}")
    now += timedelta(seconds=1)
    assert asyncio.run(kept("resp_md1")) is None
    asyncio.run(store.keep(project_id, "resp_md2", KeptResponse(b"[]", b"{}")))
    now -= timedelta(seconds=1)
    assert asyncio.run(kept("resp_md1")) is None, "the next one that was kept took the old one's place"
