"""The list of what no emulator can show names checks that exist, and every check of Google's services."""

import re
from pathlib import Path

from market_data_assets.upkeep.doctor.checks import CHECKS

DOCUMENT = Path(__file__).parents[2] / "docs" / "on_a_real_project.md"


def test_every_check_that_is_named_exists_and_every_check_that_writes_is_named():
    last_cells = [line.split("|")[-2] for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    named = set(re.findall(r"`([a-z_]+)`", " ".join(last_cells)))
    assert named <= {check.name for check in CHECKS}
    assert {check.name for check in CHECKS if check.writes} - named == {"warehouse_query"}
