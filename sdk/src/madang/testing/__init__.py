"""For the tests of applications: a client that needs neither platform nor network, and shows what was asked and traced.

    from madang.testing import fake_client

    def test_the_menu_is_translated():
        client = fake_client(answers=["bibimbap"])
        assert translate(client, "비빔밥") == "bibimbap"
        assert client.requests[0]["messages"][-1]["content"] == "비빔밥"
        assert client.spans[0].status == "ok"

An answer is a text, a whole assistant message (for tool calls), or a `CallFailed` to be raised; without `answers` the
fake model repeats the last message. The calls go through the real pipeline, streamed or not.
"""

from madang.testing.fake_client import FakeAsyncMadang, FakeMadang, fake_async_client, fake_client

__all__ = ["FakeAsyncMadang", "FakeMadang", "fake_async_client", "fake_client"]
