"""Requests that libraries find odd leave nothing of their content in the server's log."""

import pytest
from tests.support.running_platform import Platform

pytestmark = pytest.mark.xdist_group("platform")

PLANTED = "planted-words-of-a-caller"


def test_an_odd_form_is_not_repeated_in_the_log(platform: Platform) -> None:
    model = platform.model(platform.deployment())
    head = f'Content-Disposition: form-data; name="{PLANTED}"; {PLANTED};;=\r\n'
    parts = (
        f'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n{model}\r\n--b\r\n{head}\r\n{PLANTED}\r\n--b--\r\n'
    )
    answer = platform.send(
        "POST",
        "/v1/audio/transcriptions",
        headers={"content-type": "multipart/form-data; boundary=b"},
        raw=parts.encode(),
    )
    assert 400 <= answer.status < 500, answer.body
    logs = [platform.output, *sorted((platform.home / "logs").glob("*"))]
    for log in logs:
        assert PLANTED not in log.read_text(errors="replace"), log.name
