"""The store process starts, refuses and stops in ways that tell what to do."""

import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.store.store_process import PASSWORD, StoreProcess, environment

from madang_server.storage.clickhouse.client import Store
from madang_server.storage.clickhouse.errors import StoreUnavailable


def run_store(home: Path, port: int, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "madang_server.store", "--home", str(home), "--port", str(port)]
    return subprocess.run(command, env=environment(home, **more), capture_output=True, text=True, timeout=60)


def health(process: StoreProcess) -> dict[str, object]:
    headers = {"x-clickhouse-user": "madang", "x-clickhouse-key": PASSWORD}
    request = urllib.request.Request(f"http://127.0.0.1:{process.port}/health", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        read: dict[str, object] = json.loads(answer.read())
        return read


def test_a_second_process_on_one_home_says_who_has_it_and_the_first_goes_on(
    store_process: StoreProcess, store: Store
) -> None:
    second = run_store(store_process.home, 0)
    assert second.returncode == 3
    assert store_process.process is not None
    assert f"already open in process {store_process.process.pid}" in second.stderr
    assert store.answers()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run_store(tmp_path, port)
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_does_not_run_without_a_password(tmp_path: Path) -> None:
    refused = run_store(tmp_path, 0, MADANG_STORE_PASSWORD="")
    assert refused.returncode == 2
    assert "MADANG_STORE_PASSWORD" in refused.stderr


def test_a_home_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    refused = run_store(tmp_path / "file" / "home", 0)
    assert refused.returncode == 1
    assert "cannot start" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_stops_cleanly_keeps_rows_and_reports_a_damaged_part(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    process.start()
    store = Store(process.url)
    store.run("CREATE DATABASE madang ENGINE = Atomic", database="default")
    store.run("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS min_bytes_for_wide_part = 0")
    for number in range(2):
        store.insert_json("t", b'{"a":%d}\n' % number)
    path = Path(store.rows("SELECT path FROM system.parts WHERE table = 't' ORDER BY name")[0]["path"])
    assert health(process)["detached_parts"] == []
    assert process.stop() == 0

    (path / "count.txt").write_bytes(b"")
    (path / "columns.txt").write_bytes(b"")
    process.start()
    assert [row["a"] for row in Store(process.url).rows("SELECT a FROM t")] == [1]
    detached = health(process)["detached_parts"]
    assert isinstance(detached, list)
    assert detached[0]["table"] == "t"
    process.stop()


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("mount") is None, reason="needs Linux's mount")
def test_an_insert_on_a_full_disk_is_refused_and_what_was_stored_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(home)], capture_output=True, text=True
    )
    if mounted.returncode != 0:  # not root: the same refusal by a limit is tested below, everywhere
        return
    process = StoreProcess(home)
    try:
        process.start()
        fill_until_refused(Store(process.url))
    finally:
        process.kill()
        subprocess.run(["umount", str(home)], check=True)


def test_an_insert_below_the_free_space_floor_is_refused_and_what_was_stored_stays(store: Store) -> None:
    store.run("CREATE OR REPLACE TABLE floor (a String) ENGINE = MergeTree ORDER BY a")
    store.insert_json("floor", b'{"a":"kept"}\n')
    store.run("ALTER TABLE floor MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000")
    with pytest.raises(StoreUnavailable, match="243"):
        store.insert_json("floor", b'{"a":"refused"}\n')
    assert [row["a"] for row in store.rows("SELECT a FROM floor")] == ["kept"]


def fill_until_refused(store: Store) -> None:
    store.run("CREATE DATABASE madang ENGINE = Atomic", database="default")
    store.run("CREATE TABLE t (a String CODEC(NONE)) ENGINE = MergeTree ORDER BY tuple()")
    row = b'{"a":"' + b"x" * 1000 + b'"}\n'
    acknowledged = 0
    with pytest.raises(StoreUnavailable):
        for _ in range(400):
            store.insert_json("t", row * 2000)
            acknowledged += 2000
    assert acknowledged > 0
    assert store.rows("SELECT count() AS n FROM t")[0]["n"] == acknowledged


def test_our_source_never_uses_the_inserter_that_loses_rows() -> None:
    server = Path(__file__).parents[2] / "server" / "src"
    assert [path for path in server.rglob("*.py") if "send_insert" in path.read_text("utf-8")] == []
