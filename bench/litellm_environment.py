"""Makes and keeps the environment in which LiteLLM's proxy runs for the comparison, from its hashed lock, in .dev/."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_LOCK = Path(__file__).parent / "requirements-litellm.lock"
_LIMIT_S = 900


class CannotInstall(Exception):
    """The environment cannot be made here; the message says why."""


def prepare() -> Path:
    """The proxy's program; installs it first when the lock has changed. Raises CannotInstall."""
    folder = _ROOT / ".dev" / "litellm"
    program = folder / "bin" / "litellm"
    mark = folder / "lock.sha256"
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if program.exists() and mark.exists() and mark.read_text() == digest:
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    # pip compiles to bytecode, as a careful installation would; without it LiteLLM starts twice as slowly.
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(_LOCK)])
    mark.write_text(digest)
    return program


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise CannotInstall(f"installing LiteLLM took over {_LIMIT_S} s") from None
    if done.returncode != 0:
        words = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise CannotInstall(f"LiteLLM could not be installed: {words[-1]}")
