"""A fee per request is paid once for an answer, however many attempts it took, and never for what broke off."""

from decimal import Decimal

import pytest
from tests.sdk.layers.fake_vendor import Vendor, failed, pipeline, read, streamed, whole
from tests.sdk.request_builder import request, route, target

from madang.calls.target import Price

pytestmark = pytest.mark.anyio

PRICE = Price(input=Decimal(0), output=Decimal(0), per_request=Decimal("0.012"))
EAST, WEST = target("east", price=PRICE), target("west", order=2, price=PRICE)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_call_that_fell_over_pays_one_fee(stream: bool) -> None:
    vendor = Vendor(east=[[failed("server_error", 503)]], west=[streamed() if stream else whole()])
    around = pipeline(vendor)
    await read(await around.call(request(route(EAST, WEST), stream=stream)))
    root = around.trace[0]
    assert (root.attempts, root.cost_usd) == (2, Decimal("0.012"))
    assert root.cost_details["request"] == Decimal("0.012")
