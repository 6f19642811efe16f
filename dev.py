#!/usr/bin/env python3
"""One command for each thing a developer does, on a machine with nothing but Python 3.11.

    python3 dev.py up                 install what is missing, build the UI, run the platform
    python3 dev.py test [PYTEST …]    every check and test; with arguments only pytest with them
    python3 dev.py madang …           the command-line tool in this checkout's environment
    python3 dev.py lint [--fix]       ruff, mypy, import rules, biome, tsc
    python3 dev.py ui                 build the UI
    python3 dev.py api                write the OpenAPI document and the UI's types from the code
    python3 dev.py lock               resolve the locks again, with packages at least seven days old
    python3 dev.py bench NAME …       a benchmark of bench/

Standard library only. What it installs lives in .venv and .dev of the checkout.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python gets to see first
    raise SystemExit("Madang needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".dev"
LOCKS = ROOT / "requirements"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SOURCES = ("sdk/src", "server/src", "simulator/src")
QUARANTINE = timedelta(days=7)
RUN_LOCKS = ("server.lock", "ui.lock")
TEST_LOCKS = ("dev.lock",)  # a superset of those above
DEBIAN_PACKAGES = ("chromium", "fonts-noto-cjk", "postgresql", "redis-server")


def main(arguments: list[str]) -> int:
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    do = VERBS.get(verb)
    if do is None:
        raise SystemExit(__doc__)
    return do(rest)


def madang(rest: list[str]) -> int:
    install(RUN_LOCKS)
    return run(python("-m", "madang_server.cli", *rest))


def lint(rest: list[str]) -> int:
    install(TEST_LOCKS)
    return first_failure(checks(fix="--fix" in rest))


def ui(_: list[str]) -> int:
    install(RUN_LOCKS)
    return build_ui()


def bench(rest: list[str]) -> int:
    install(TEST_LOCKS)
    if not rest:
        raise SystemExit("Name a benchmark: " + ", ".join(sorted(path.stem for path in (ROOT / "bench").glob("*.py"))))
    return run(python("-m", f"bench.{rest[0].removesuffix('.py')}", *rest[1:]))


def up(rest: list[str]) -> int:
    install(RUN_LOCKS)
    if code := build_ui():
        return code
    command = python("-m", "madang_server.cli", "up", *rest)
    if os.name == "nt":
        return run(command)
    # The platform takes this process's place, so that Ctrl-C and service managers reach it directly.
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(command[0], command, environment())
    raise AssertionError("unreachable")


def test(rest: list[str]) -> int:
    install(TEST_LOCKS)
    install_debian_packages()
    if rest:
        return run(python("-m", "pytest", *rest))
    steps = [
        python("server/hatch_build.py", "install"),
        python("server/hatch_build.py", "build"),
        *checks(fix=False),
        node("node_modules/vitest/vitest.mjs", "run"),
        python("-m", "pytest", "-n", "2", "--dist", "loadgroup", "--ignore", "tests/browser"),
        # In a process of their own: Playwright keeps an event loop running in the main thread.
        python("-m", "pytest", "tests/browser"),
    ]
    return first_failure(steps)


def checks(*, fix: bool) -> list[list[str]]:
    repair = ["--fix"] if fix else []
    return [
        python("-m", "ruff", "check", *repair),
        python("-m", "ruff", "format", *([] if fix else ["--check"])),
        python("-m", "mypy"),
        [str(PYTHON.parent / "lint-imports")],
        python("server/hatch_build.py", "install"),
        node("node_modules/@biomejs/biome/bin/biome", "check", *(["--write"] if fix else []), "."),
        node("node_modules/typescript/bin/tsc", "--noEmit"),
    ]


def api(_: list[str]) -> int:
    install(TEST_LOCKS)
    dump = "import json; from madang_server.studio.openapi import document; print(json.dumps(document(), indent=2))"
    written = subprocess.run(
        python("-c", dump), cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    )
    (ROOT / "ui" / "openapi.json").write_text(written.stdout, encoding="utf-8")
    types = node("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "src/api/schema.d.ts")
    return first_failure([python("server/hatch_build.py", "install"), types])


def build_ui() -> int:
    return run(python("server/hatch_build.py", "build"))


def lock(_: list[str]) -> int:
    """Writes requirements/*.lock anew; all of them agree on versions, for dev.lock constrains the rest."""
    newest = (datetime.now(timezone.utc) - QUARANTINE).strftime("%Y-%m-%dT00:00:00Z")
    options = ["--universal", "--python-version", "3.11", "--exclude-newer", newest, "--generate-hashes", "--upgrade"]
    options += ["--override", "overrides.in"]
    quiet = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "-q"]
    compile_ = [*uv(), "pip", "compile", *options, *quiet]
    steps = [[*compile_, "dev.in", "-o", "dev.lock"]]
    for name in ("server", "ui", "uv"):
        constraint = [] if name == "uv" else ["-c", "dev.lock"]
        steps.append([*compile_, *constraint, f"{name}.in", "-o", f"{name}.lock"])
    return first_failure(steps, LOCKS)


def install(locks: tuple[str, ...]) -> None:
    """Brings .venv to the locks, if it is not there already; packages come by hash from whatever index is configured."""
    wanted = stamp(locks)
    mark = VENV / ".madang-locks"
    held = mark.read_text(encoding="utf-8").split() if mark.is_file() else []
    if wanted in held:
        return
    if not PYTHON.is_file():
        say("Making the environment")
        must([*uv(), "venv", "--quiet", "--python", sys.executable, str(VENV)])
    say(f"Installing {' and '.join(locks)}")
    files = [argument for name in locks for argument in ("-r", str(LOCKS / name))]
    must([*uv(), "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "--no-deps", *files])
    add_sources()
    satisfied = [stamp(each) for each in (RUN_LOCKS, TEST_LOCKS) if each == locks or locks == TEST_LOCKS]
    mark.write_text("\n".join(satisfied), encoding="utf-8")


def stamp(locks: tuple[str, ...]) -> str:
    return hashlib.sha256(b"".join((LOCKS / name).read_bytes() for name in locks)).hexdigest()


def add_sources() -> None:
    """Makes the checkout's packages importable in .venv, without building them."""
    where = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    paths = "\n".join(str(ROOT / source) for source in SOURCES)
    (Path(where.stdout.strip()) / "madang_checkout.pth").write_text(paths + "\n", encoding="utf-8")


def uv() -> list[str]:
    """The installer: uv from PATH, else one of our own, installed by hash."""
    found = shutil.which("uv")
    if found:
        return [found]
    own = TOOLS / "uv" / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    if not own.is_file():
        say("Installing uv")
        try:
            must([sys.executable, "-m", "venv", str(TOOLS / "uv")])
        except SystemExit:
            raise SystemExit(
                "Making a virtual environment failed. On Debian and Ubuntu: apt install python3-venv"
            ) from None
        pip = [str(own.parent / PYTHON.name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        must([*pip, "--require-hashes", "-r", str(LOCKS / "uv.lock")])
    return [str(own)]


def install_debian_packages() -> None:
    """What the tests need beyond Python: a browser with a Korean font, and PostgreSQL."""
    if not shutil.which("apt-get"):
        return
    missing = [name for name in DEBIAN_PACKAGES if not is_installed(name)]
    if not missing:
        return
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if rights and not shutil.which("sudo"):
        raise SystemExit(f"The tests need these packages; install them as root: apt-get install {' '.join(missing)}")
    say(f"Installing {', '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        done = subprocess.run([*rights, "apt-get", *command], env=quiet, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(
                f"The tests need these packages; install them as root: apt-get install {' '.join(missing)}"
            )


def is_installed(package: str) -> bool:
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], check=False, capture_output=True, text=True)
    return "install ok installed" in asked.stdout


def python(*arguments: str) -> list[str]:
    return [str(PYTHON), *arguments]


def node(*arguments: str) -> list[str]:
    return python("server/hatch_build.py", "node", *arguments)


def environment() -> dict[str, str]:
    """The tools' own commands are found first, so that a script may call them by name."""
    return {**os.environ, "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def first_failure(commands: list[list[str]], where: Path = ROOT) -> int:
    for command in commands:
        started = time.monotonic()
        code = run(command, where)
        say(f"{'ok' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s: {described(command)}")
        if code:
            return code
    return 0


def described(command: list[str]) -> str:
    return " ".join(Path(part).name if os.sep in part else part for part in command[:8] if part != "-m")


def must(command: list[str]) -> None:
    if code := run(command):
        raise SystemExit(f"`{described(command)}` failed (exit {code}). Mend what it says above and run this again.")


def run(command: list[str], where: Path = ROOT) -> int:
    try:
        return subprocess.run(command, cwd=where, env=environment(), check=False).returncode
    except KeyboardInterrupt:
        return 130


def say(words: str) -> None:
    sys.stdout.write(f"→ {words}\n")
    sys.stdout.flush()


VERBS = {
    "up": up,
    "test": test,
    "madang": madang,
    "lint": lint,
    "ui": ui,
    "api": api,
    "lock": lock,
    "bench": bench,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
