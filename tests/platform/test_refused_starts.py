"""`madang up` where it cannot run: it ends by itself and says what to do, in words and not in a traceback."""

import re
import socket
import subprocess
import time
from pathlib import Path

import pytest
from tests.support.running_platform import COMMAND, Platform, environment

from madang_server.cli.up import free_port


def refused(home: Path, port: int | None = None, **more: str) -> str:
    """What it says. Fails when it runs, ends well, or shows a traceback."""
    ended = subprocess.run(
        [*COMMAND, "up"],
        env=environment(home, port or free_port(), **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2, ended
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.stderr


def test_a_second_one_on_the_same_home_is_refused(platform: Platform) -> None:
    said = refused(platform.home)
    assert re.search(r"Another Madang is running on the home .* own MADANG_HOME", said)
    assert platform.is_live()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 cannot be used" in refused(tmp_path / "home", port)


@pytest.mark.parametrize("place", ["home", "home/below/it"])
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "home").write_text("a file is in the way")
    said = refused(tmp_path / place)
    assert re.search(r"The home .*home.* cannot be written: .* MADANG_HOME", said)


def test_a_folder_of_the_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "logs").write_text("a file is in the way")
    assert "cannot be written" in refused(tmp_path / "home")


def test_a_spool_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "spool").write_text("a file is in the way")
    assert re.search(r"/home/spool' cannot be used: File exists\. .* MADANG_HOME", refused(tmp_path / "home"))


def test_a_secret_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "home" / "secret.key").mkdir(parents=True)
    assert "secret.key" in refused(tmp_path / "home")


def test_a_setting_that_does_not_exist_is_refused_with_the_one_meant(tmp_path: Path) -> None:
    said = refused(tmp_path / "home", MADANG_PROT="1", MADANG_STORE_MEMORY_MB="little")
    assert "MADANG_PROT is not a setting; did you mean MADANG_PORT?" in said
    assert "MADANG_STORE_MEMORY_MB is 'little'; give a whole number" in said


def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "madang.db").write_bytes(b"this is no database " * 500)
    assert re.search(r"The database file .*madang\.db", refused(tmp_path / "home"))


def test_a_refused_start_leaves_no_process_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "madang.db").write_bytes(b"this is no database " * 500)
    refused(home)
    deadline = time.monotonic() + 10
    while str(home) in (listed := _environments()):
        assert time.monotonic() < deadline, listed
        time.sleep(0.1)


def _environments() -> str:
    """The environments of all processes, where the system shows them."""
    shown = subprocess.run(
        ["ps", "-A", "e", "-o", "args="], capture_output=True, text=True, check=True, errors="replace"
    )
    return "\n".join(line for line in shown.stdout.splitlines() if "madang_server.cli" in line)
