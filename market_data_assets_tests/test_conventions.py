"""What holds for the whole tree: no file of another kind than its folder says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "market_data_assets").rglob("*.py"))


def test_every_module_says_what_lives_in_it() -> None:
    assert [path for path in SOURCES if not path.read_text().startswith('"""')] == []


def test_lock_file_is_hashed_and_names_no_registry() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert len(pinned) > 100
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert not [line for line in lines if "://" in line]
