"""Reading an SVG picture back: what is written in it, and where lines and boxes of a colour lie."""

import re
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    """Everything that is written, in the order of drawing."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


def starts(svg: str, colour: str) -> list[tuple[float, float]]:
    """Where each line, stroke or box of a colour starts: x and y in pixels, from the upper left corner."""
    places = []
    for path in ElementTree.fromstring(svg).iter(f"{_SVG}path"):
        if colour in {path.get("stroke"), path.get("fill")}:
            places += [(float(x), float(y)) for x, y in re.findall(r"M([-\d.]+),([-\d.]+)", path.get("d", ""))]
    return places


def size(svg: str) -> tuple[float, float]:
    """Width and height in pixels."""
    root = ElementTree.fromstring(svg)
    return float(root.get("width", 0)), float(root.get("height", 0))
