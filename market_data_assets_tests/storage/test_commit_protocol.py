"""The commit protocol under crashes and interleavings, and mutants that show the explorer would notice a mistake."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import pytest

from market_data_assets.errors import MarketDataError
from market_data_assets.storage import partition
from market_data_assets_tests.storage import scenarios
from market_data_assets_tests.storage.protocol import REAL, Protocol, mutant


@pytest.fixture(autouse=True, scope="module")
def _remembered_manifests() -> Iterator[None]:
    """Decoding is pure, and an explorer decodes the same few manifests a hundred thousand times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "decode_manifest", lru_cache(100_000)(partition.decode_manifest))
        yield


@pytest.mark.parametrize("scenario", scenarios.SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_readers_see_the_old_day_or_the_new_one(scenario: Callable[[Protocol], int]) -> None:
    assert scenario(REAL) >= 400


class Mutant(NamedTuple):
    mistake: str
    module: str
    line: str
    instead: str
    noticed_by: Callable[[Protocol], int]


MUTANTS = (
    Mutant(
        "the manifest is put without its precondition",
        "commit",
        "encode_manifest(manifest), if_generation=current.generation)",
        "encode_manifest(manifest), if_generation=partition.generation())",
        scenarios.partial_writers,
    ),
    Mutant(
        "staged files are deleted when the commit seems to fail",
        "commit",
        "        now = self._partition.current()\n",
        "        for each in self._files:\n"
        "            self._partition.store.delete(each.staged, if_generation=self._partition.store.head(each.staged).generation)\n"
        "        now = self._partition.current()\n",
        scenarios.two_equal_writers,
    ),
    Mutant(
        "an equal object under the published name is adopted",
        "publish",
        "        if not holds(store.head(entry.staged), entry):\n",
        "        if holds(published, entry):\n"
        "            return _Placed.PUBLISHED\n"
        "        if not holds(store.head(entry.staged), entry):\n",
        scenarios.file_that_comes_back,
    ),
    Mutant(
        "files are published before the commit",
        "commit",
        "        partition = self._partition\n        try:\n",
        "        partition = self._partition\n"
        "        for name, entry in manifest.objects():\n"
        "            there = partition.store.head(name)\n"
        "            if partition.store.head(entry.staged) is not None:\n"
        "                partition.store.move(entry.staged, name, if_generation=0 if there is None else there.generation)\n"
        "        try:\n",
        scenarios.crashes_and_second_crashes,
    ),
    Mutant(
        "what the manifest does not name is deleted whatever its generation",
        "publish",
        "partition.store.delete(extra.name, if_generation=extra.generation)",
        "partition.store.delete(extra.name, if_generation=getattr(partition.store.head(extra.name), 'generation', 0))",
        scenarios.file_that_comes_back,
    ),
    Mutant(
        "the manifest is not looked at again before publishing",
        "publish",
        "    return partition.generation() == generation\n",
        "    return True\n",
        scenarios.two_writers,
    ),
    Mutant(
        "the sweep deletes what the current manifest names",
        "sweep",
        "if each.name not in named]",
        "if each.name]",
        scenarios.crashes_and_second_crashes,
    ),
    Mutant(
        "readers look for published files only",
        "stored_frames",
        "(partition.published_name(wanted), wanted.staged)",
        "(partition.published_name(wanted),)",
        scenarios.crashes_and_second_crashes,
    ),
    Mutant(
        "a partial run that loses a race forgets what the winner wrote",
        "commit",
        "            return _Attempt(partition, run, merged).on(partition.current())\n",
        "            first = locals().get('first') or partition.current()\n"
        "            return _Attempt(partition, run, merged).on(Current(first.manifest, partition.generation()))\n",
        scenarios.partial_writers,
    ),
)


@pytest.mark.parametrize("seeded", MUTANTS, ids=lambda seeded: seeded.mistake)
def test_explorer_notices_when(seeded: Mutant) -> None:
    protocol = mutant(seeded.module, seeded.line, seeded.instead)
    with pytest.raises((AssertionError, MarketDataError)):
        seeded.noticed_by(protocol)
