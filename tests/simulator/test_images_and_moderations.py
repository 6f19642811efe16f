"""Pictures that are painted and changed, and moderation, asked with the official client."""

import base64
from collections.abc import Callable
from random import Random
from typing import Any

import openai as sdk
import pytest
from openai import AzureOpenAI, OpenAI

from madang_simulator import RunningSimulator
from madang_simulator.painted import paint
from madang_simulator.pictures import picture_size

Clients = Callable[..., OpenAI]


def test_picture_is_a_png_of_the_asked_size(openai: Clients) -> None:
    reply = openai().images.generate(model="gpt-image-1", prompt="a cat", size="1024x1536", n=2)

    assert reply.data is not None
    sizes = [picture_size(f"data:image/png;base64,{picture.b64_json}") for picture in reply.data]
    assert sizes == [(1024, 1536), (1024, 1536)]
    assert base64.b64decode(reply.data[0].b64_json or "").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("form", "beginning", "size"),
    [("jpeg", b"\xff\xd8\xff", (37, 51)), ("webp", b"RIFF", (37, 51)), ("png", b"\x89PNG", (37, 51))],
)
def test_painted_files_say_their_size(form: str, beginning: bytes, size: tuple[int, int]) -> None:
    picture = paint(form, *size, Random(1))  # type: ignore[arg-type]  # parametrised

    assert picture.startswith(beginning)
    assert picture_size(f"data:image/{form};base64,{base64.b64encode(picture).decode()}") == size


def test_usage_counts_what_the_quality_costs(openai: Clients) -> None:
    usage = openai().images.generate(model="gpt-image-1", prompt="a cat", quality="medium", n=2).usage

    assert usage is not None
    assert usage.output_tokens == 2 * 1056
    assert usage.input_tokens == usage.input_tokens_details.text_tokens == 2


def test_edit_counts_the_pictures_it_was_sent(openai: Clients) -> None:
    picture = ("cat.png", paint("png", 1024, 1024, Random(1)))

    usage = openai().images.edit(model="gpt-image-1", prompt="a dog", image=[picture, picture], quality="low").usage

    assert usage is not None
    assert usage.input_tokens_details.image_tokens == 2 * (65 + 4 * 129)
    assert usage.output_tokens == 272


def test_edit_without_a_picture_is_refused(openai: Clients) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        openai().images.edit(model="gpt-image-1", prompt="a dog", image=[])

    assert (caught.value.param, caught.value.code) == ("image", "missing_required_parameter")


def test_partial_pictures_come_before_the_whole_one(openai: Clients) -> None:
    stream = openai().images.generate(model="gpt-image-1", prompt="a cat", stream=True, partial_images=2)

    events = list(stream)

    assert [event.type.rpartition(".")[2] for event in events] == ["partial_image", "partial_image", "completed"]
    assert events[-1].type == "image_generation.completed"
    assert events[-1].usage.output_tokens == 4160


def test_blocked_picture_is_refused(simulator: RunningSimulator, openai: Clients) -> None:
    simulator.configure("east", faults=[{"kind": "content_filter"}])

    with pytest.raises(sdk.BadRequestError) as caught:
        openai().images.generate(model="gpt-image-1", prompt="a cat")

    assert caught.value.code == "moderation_blocked"


def test_azure_pictures_carry_filter_results(azure: Callable[..., AzureOpenAI]) -> None:
    reply = azure().images.generate(model="my-pictures", prompt="a cat")

    assert reply.data is not None
    assert (reply.data[0].model_extra or {})["content_filter_results"]["hate"]["severity"] == "safe"


def test_azure_refuses_a_blocked_picture(simulator: RunningSimulator, azure: Callable[..., AzureOpenAI]) -> None:
    simulator.configure("korea", faults=[{"kind": "content_filter"}])

    with pytest.raises(sdk.BadRequestError) as caught:
        azure().images.generate(model="my-pictures", prompt="a cat")

    assert caught.value.code == "content_filter"


def test_moderation_flags_what_is_named(openai: Clients) -> None:
    reply = openai().moderations.create(input=["a picnic", "a scene of violence"])

    assert [result.flagged for result in reply.results] == [False, True]
    assert reply.results[1].categories.violence
    assert reply.results[1].category_scores.violence > 0.9
    assert reply.model == "omni-moderation-latest"


def test_text_and_picture_of_one_message_are_judged_together(openai: Clients) -> None:
    message: Any = [
        {"type": "text", "text": "violence"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    reply = openai().moderations.create(input=message)

    assert len(reply.results) == 1
    assert reply.results[0].category_applied_input_types.violence == ["text", "image"]
