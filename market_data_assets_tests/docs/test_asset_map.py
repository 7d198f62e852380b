"""The picture of the graph is of this graph."""

import runpy
from xml.etree import ElementTree

from market_data_assets_tests.docs.markdown import ROOT

PICTURE = ROOT / "docs/pictures/asset_map.svg"


def test_the_picture_is_what_the_graph_is() -> None:
    drawn = runpy.run_path(str(ROOT / "docs/pictures/asset_map.py"))["svg"]()
    assert PICTURE.read_text(encoding="utf-8") == drawn, "it is stale; run make docs"


def test_the_picture_is_a_picture() -> None:
    assert ElementTree.parse(PICTURE).getroot().tag.endswith("svg")
