"""The commit protocol under crashes and interleavings, and mutants that show the explorer would notice a mistake."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import pytest

from market_data_assets.errors import MarketDataError
from market_data_assets.storage import commit, manifest_json, partition, revisions
from market_data_assets.storage.manifest import Manifest
from market_data_assets_tests.storage import scenarios
from market_data_assets_tests.storage.protocol import REAL, Protocol, mutant


@pytest.fixture(autouse=True, scope="module")
def _remembered_manifests() -> Iterator[None]:
    """Both ways are pure, and an explorer takes them with the same few manifests a hundred thousand times."""
    decoded, encoded = lru_cache(100_000)(manifest_json.decode_manifest), _Encoded()
    with pytest.MonkeyPatch.context() as patch:
        for module in (manifest_json, partition, revisions, scenarios):
            patch.setattr(module, "decode_manifest", decoded)
        for module in (manifest_json, commit, revisions):
            patch.setattr(module, "encode_manifest", encoded)
        yield


class _Encoded:
    def __init__(self) -> None:
        self._encode, self._known = manifest_json.encode_manifest, {}

    def __call__(self, manifest: Manifest) -> bytes:
        content = manifest.content
        key = (manifest.tx, manifest.version, manifest.committed_at, tuple(content.files), tuple(content.failed))
        if key not in self._known:
            self._known[key] = self._encode(manifest)
        return self._known[key]


@pytest.mark.parametrize("scenario", scenarios.SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_readers_see_the_old_day_or_the_new_one_and_every_former_one_as_of_its_time(scenario: Callable[[Protocol], int]) -> None:
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
        "partition.names_of(wanted)",
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
    Mutant(
        "a version is kept only after its successor was committed",
        "commit",
        "            keep_revision(self._partition, stored, content)\n",
        "            publish_it = self._publish\n"
        "            self._publish = lambda *what: (keep_revision(self._partition, stored, content), publish_it(*what))[1]\n",
        scenarios.crashes_and_second_crashes,
    ),
    Mutant(
        "files that the next version drops are not kept",
        "revisions",
        "if (name, entry.sha256) not in staying]",
        "if (name, entry.sha256) not in staying and name in {name for name, _ in staying}]",
        scenarios.crashes_and_second_crashes,
    ),
    Mutant(
        "a file of the same name is taken for the one that is kept",
        "revisions",
        "if (name, entry.sha256) not in staying]",
        "if name not in {name for name, _ in staying}]",
        scenarios.crashes_and_second_crashes,
    ),
    Mutant(
        "a reader of the past looks for kept versions before it looks at the current one",
        "known_at",
        "        latest = Partition.current(self)\n",
        "        kept_before = kept_manifests(self)\n"
        "        latest = Partition.current(self)\n"
        "        if latest.manifest is not None and latest.manifest.committed_at > self.instant:\n"
        "            former = [each for each in kept_before if each.committed_at <= self.instant]\n"
        "            return Current(read_kept(self, former[-1]) if former else None, latest.generation)\n",
        scenarios.writer_and_reader_of_the_past,
    ),
    Mutant(
        "a reader of the past looks for its files in their places only",
        "known_at",
        "(*Partition.names_of(self, entry), kept_file_name(self.prefix, entry.sha256))",
        "Partition.names_of(self, entry)",
        scenarios.crashes_and_second_crashes,
    ),
)


@pytest.mark.parametrize("seeded", MUTANTS, ids=lambda seeded: seeded.mistake)
def test_explorer_notices_when(seeded: Mutant) -> None:
    protocol = mutant(seeded.module, seeded.line, seeded.instead)
    with pytest.raises((AssertionError, MarketDataError)):
        seeded.noticed_by(protocol)
