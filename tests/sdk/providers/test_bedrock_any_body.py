"""Whatever a caller puts into the fields of a request, it is sent to Bedrock or refused by name; nothing else is raised."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.providers.any_body import bodies
from tests.sdk.providers.bedrock_requests import CLAUDE, NEWER, OLDEST
from tests.sdk.request_builder import target

from madang.errors import CallFailed
from madang.providers.bedrock.chat_request import encode_body


@settings(max_examples=400, deadline=None)
@given(bodies, st.sampled_from([CLAUDE, NEWER, OLDEST]))
def test_whatever_is_asked_is_sent_or_refused(body: dict[str, Any], model: str) -> None:
    to = target("east", vendor="bedrock", vendor_model=model)
    try:
        json.loads(encode_body(body, to, {}))
    except CallFailed as failed:
        assert (failed.reason, failed.status) == ("invalid_request", 400)
        assert failed.param
