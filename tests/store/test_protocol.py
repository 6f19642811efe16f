"""clickhouse-connect works with the store process as with a ClickHouse server."""

import gzip
import http.client
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import clickhouse_connect
import lz4.frame  # type: ignore[import-untyped]  # ships no types
import pytest
from backports import zstd
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.store.store_process import PASSWORD, StoreProcess


@pytest.fixture
def client(store_process: StoreProcess) -> Iterator[Client]:
    connected = clickhouse_connect.get_client(
        host="127.0.0.1", port=store_process.port, username="madang", password=PASSWORD
    )
    connected.command("CREATE DATABASE IF NOT EXISTS tried ENGINE = Atomic")
    connected.command(
        "CREATE OR REPLACE TABLE tried.t (a UInt64, b String, n Nullable(Float64)) ENGINE = MergeTree ORDER BY a"
    )
    yield connected
    connected.command("DROP TABLE tried.t")
    connected.close()


def rows_of(client: Client) -> list[tuple[object, ...]]:
    return [tuple(row) for row in client.query("SELECT a, b, n FROM tried.t ORDER BY a, b").result_rows]


def test_parameters_are_bound_on_the_server(client: Client) -> None:
    given = {
        "text": "it's \\N \t\n;--", "list": ["x'y", "\\"], "none": None,
        "time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "money": Decimal("1.000000001"),
    }  # fmt: skip
    statement = "SELECT {text:String}, {list:Array(String)}, {none:Nullable(String)}, {time:DateTime('UTC')}, "
    row = client.query(statement + "{money:Decimal(18, 9)}", parameters=given).result_rows[0]
    assert row[:3] == ("it's \\N \t\n;--", ["x'y", "\\"], None)
    assert row[3].replace(tzinfo=UTC) == given["time"]
    assert row[4] == given["money"]


def test_many_large_parameters_travel_in_a_form(client: Client) -> None:
    assert client.query("SELECT length({x:Array(String)})", parameters={"x": ["y" * 100] * 2000}).result_rows == [
        (2000,)
    ]


def test_native_inserts_keep_every_byte(client: Client) -> None:
    rows = [[number, f"x\n;\x00 {number} ", None if number % 2 else 0.5] for number in range(3000)]
    client.insert("tried.t", rows, column_names=["a", "b", "n"])
    assert rows_of(client) == [tuple(row) for row in rows]


@pytest.mark.parametrize("text", ["it's", "a;b", "{x}", "x\x00y", "line\u2028", "INSERT INTO t VALUES (1)\n;", "마당 "])
def test_json_rows_keep_hostile_text(client: Client, text: str) -> None:
    import json

    client.raw_insert("tried.t", insert_block=json.dumps({"a": 1, "b": text}).encode(), fmt="JSONEachRow")
    assert rows_of(client) == [(1, text, None)]


def test_other_formats_keep_white_space_at_their_end(client: Client) -> None:
    client.raw_insert("tried.t", insert_block=b"1\tends in tab\\t\t\\N\n2\t \t\\N\n", fmt="TabSeparated")
    assert rows_of(client) == [(1, "ends in tab\t", None), (2, " ", None)]


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress), ("lz4", lz4.frame.compress)]
)
def test_every_frame_of_a_compressed_body_is_stored(
    client: Client, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    body = b"".join(compress(b'{"a":%d,"b":"x"}\n' % number) for number in range(5))
    client.raw_insert("tried.t", insert_block=body, fmt="JSONEachRow", compression=encoding)
    assert [row[0] for row in rows_of(client)] == [0, 1, 2, 3, 4]


def test_a_compressed_body_that_is_cut_is_refused_as_a_whole(client: Client) -> None:
    body = gzip.compress(b'{"a":1}\n') + gzip.compress(b'{"a":2}\n')[:-10]
    with pytest.raises(DatabaseError, match="not valid gzip"):
        client.raw_insert("tried.t", insert_block=body, fmt="JSONEachRow", compression="gzip")
    assert rows_of(client) == []


def test_errors_carry_the_engines_code(client: Client) -> None:
    with pytest.raises(DatabaseError) as unknown_column:
        client.query("SELECT nosuch FROM tried.t")
    with pytest.raises(DatabaseError) as unknown_table:
        client.command("SELECT * FROM tried.nosuch")
    with pytest.raises(DatabaseError) as bad_row:
        client.raw_insert("tried.t", insert_block=b'{"a":"x"}', fmt="JSONEachRow")
    assert [error.value.code for error in (unknown_column, unknown_table, bad_row)] == [47, 60, 27]


def test_a_result_of_no_rows_and_a_large_one_come_whole(client: Client) -> None:
    assert client.query("SELECT a FROM tried.t WHERE a = 1").result_rows == []
    with client.query_rows_stream("SELECT number FROM numbers(300000)") as stream:
        assert sum(row[0] for row in stream) == 299_999 * 300_000 // 2


def test_settings_of_one_request_do_not_reach_the_next(client: Client) -> None:
    client.query("SELECT 1", settings={"max_result_rows": 1, "limit": 1})
    for _ in range(6):  # more than there are connections
        assert len(client.query("SELECT number FROM numbers(10)").result_rows) == 10


def test_rows_sent_again_under_their_token_are_stored_once(client: Client) -> None:
    client.command("ALTER TABLE tried.t MODIFY SETTING non_replicated_deduplication_window = 100")
    for _ in range(2):
        block = b'{"a":1,"b":"x"}\n'
        client.raw_insert(
            "tried.t", insert_block=block, fmt="JSONEachRow", settings={"insert_deduplication_token": "t"}
        )
    assert rows_of(client) == [(1, "x", None)]


def test_the_password_is_asked_for_everywhere_but_at_ping(store_process: StoreProcess) -> None:
    def status(path: str, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", store_process.port, timeout=10)
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status

    assert status("/ping", {}) == 200
    assert status("/?query=SELECT+1", {}) == 401
    assert status("/health", {"x-clickhouse-user": "madang", "x-clickhouse-key": "wrong"}) == 401
    assert status("/?query=SELECT+1", {"x-clickhouse-user": "madang", "x-clickhouse-key": PASSWORD}) == 200


def test_a_get_request_changes_nothing(store_process: StoreProcess, client: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", store_process.port, timeout=10)
    headers = {"x-clickhouse-user": "madang", "x-clickhouse-key": PASSWORD}
    connection.request("GET", "/?query=INSERT+INTO+tried.t+(a)+VALUES+(1)", headers=headers)
    assert connection.getresponse().status == 403
    assert rows_of(client) == []
