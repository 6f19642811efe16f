"""Makes and keeps the environment in which another product runs for a comparison, from its hashed lock, in .dev/."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_LIMIT_S = 900


class CannotInstall(Exception):
    """The environment cannot be made here; the message says why."""


def lock_of(product: str) -> Path:
    return Path(__file__).parent / f"requirements-{product}.lock"


def prepare(product: str) -> Path:
    """The product's program; installs it first when its lock has changed. Raises CannotInstall."""
    folder = _ROOT / ".dev" / product
    program, mark = folder / "bin" / product, folder / "lock.sha256"
    digest = hashlib.sha256(lock_of(product).read_bytes()).hexdigest()
    if program.exists() and mark.exists() and mark.read_text() == digest:
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    _run(product, [sys.executable, "-m", "venv", str(folder)])
    # The lock is complete, so nothing is resolved again; pip would not find requirements with extras in it. pip also
    # compiles to bytecode, as a careful installation would: without it LiteLLM starts twice as slowly.
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    _run(product, [*pip, "--require-hashes", "-r", str(lock_of(product))])
    mark.write_text(digest)
    return program


def _run(product: str, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise CannotInstall(f"installing {product} took over {_LIMIT_S} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        said = next((line for line in lines if line.startswith("ERROR")), lines[-1])  # details may follow it
        raise CannotInstall(f"{product} could not be installed: {said}")
