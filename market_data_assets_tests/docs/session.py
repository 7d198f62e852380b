"""One reader of one document: does what its blocks say, in order, in one folder and one Python session.

Run as a program: it takes the blocks as JSON on its standard input and ends with 1 at the first that fails.
"""

import contextlib
import io
import json
import linecache
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from market_data_assets_tests.docs.edits import apply_diff


def main() -> int:
    """Do every block; 0 when all went well."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in json.load(sys.stdin):
        try:
            printed = _do(block, names, printed)
        # Whatever a block raises, SystemExit too, is told with its place.
        except BaseException:
            sys.stderr.write(f"{block['place']}\n{traceback.format_exc()}")
            return 1
    return 0


def _do(block: dict[str, str], names: dict[str, Any], before: str) -> str:
    """What the block printed."""
    language, code, word = block["language"], block["code"], block["word"]
    if word == "prints":
        if _lines(before) != _lines(code):
            raise AssertionError(f"the block before it printed\n{before}\nbut the document says\n{code}")
        return before
    if word == "file":
        path = Path(block["text"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
        return ""
    if language == "diff":
        apply_diff(code, Path.cwd())
        return ""
    return _run_shell(code) if language == "sh" else _run_python(code, names, block["place"])


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _run_python(code: str, names: dict[str, Any], place: str) -> str:
    # Tracebacks show the block's own lines.
    linecache.cache[place] = (len(code), None, code.splitlines(keepends=True), place)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, place, "exec"), names)
    return printed.getvalue()


def _run_shell(code: str) -> str:
    """Run in bash, which stops at the first command that fails; what it exports and where it goes last until the next block."""
    with tempfile.TemporaryDirectory() as folder:
        after = Path(folder) / "after"
        script = f"set -euo pipefail\n{code}\n{{ pwd; env -0; }} > {after}\n"
        done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"exit code {done.returncode}\n{done.stdout}")
        where, _, variables = after.read_text(encoding="utf-8").partition("\n")
    os.chdir(where)
    os.environ.update(part.split("=", 1) for part in variables.split("\0") if "=" in part)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
