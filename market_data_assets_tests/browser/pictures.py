"""Pictures of pages: taken, kept where somebody asks for them, and looked at as far as a program can."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page


def take(page: "Page", folder: Path, name: str) -> Path:
    """A picture of what the window shows; also kept in the folder that ``MDA_SCREENSHOTS`` names."""
    picture = folder / f"{name}.png"
    page.screenshot(path=picture, animations="disabled")
    if kept := os.environ.get("MDA_SCREENSHOTS"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, kept)
    return picture


def size_and_colours(picture: Path) -> tuple[tuple[int, int], int]:
    """Width and height, and how many colours there are: a blank page has one, text on a page some dozens."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"), np.uint32)
    packed = pixels[:, :, 0] << 16 | pixels[:, :, 1] << 8 | pixels[:, :, 2]
    height, width = packed.shape
    return (width, height), len(np.unique(packed))
