"""Whatever a caller puts into the fields of a request, it is sent to Anthropic or refused by name; nothing else is raised."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.providers.anthropic_requests import NEWEST, OLDER, asked
from tests.sdk.providers.any_body import bodies

from madang.errors import CallFailed
from madang.providers.anthropic.request_body import encode_body


@settings(max_examples=400, deadline=None)
@given(bodies, st.sampled_from([OLDER, NEWEST]))
def test_whatever_is_asked_is_sent_or_refused(body: dict[str, Any], model: str) -> None:
    request = asked(model=model, **{"messages": [], **body})
    assert request.target is not None
    try:
        json.loads(encode_body(request, request.target))
    except CallFailed as failed:
        assert (failed.reason, failed.status) == ("invalid_request", 400)
        assert failed.param
