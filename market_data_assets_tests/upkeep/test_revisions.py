"""Former versions of a day: kept whole, or named as lost."""

from market_data_assets.storage.layout import REVISIONS
from market_data_assets.upkeep.findings import Kind, Severity
from market_data_assets_tests.storage.by_hand import PREFIX, kept_names, put_by_hand, remove_by_hand
from market_data_assets_tests.upkeep.lakes import check, damage, kinds, only


def kept_file(lake) -> str:
    [name] = [name for name in kept_names(lake) if "manifest-" not in name]
    return name


def kept_manifest(lake) -> str:
    [name] = [name for name in kept_names(lake) if "manifest-" in name]
    return name


def test_missing_file_of_a_former_version_is_history_that_is_lost(lake, tmp_path):
    remove_by_hand(lake, kept_file(lake))
    found = only(check(lake, tmp_path))
    assert (found.kind, found.severity) == (Kind.REVISION_LOST, Severity.HISTORY)
    assert "of version 1" in found.expected


def test_changed_file_of_a_former_version_is_found(lake, tmp_path):
    damage(lake, kept_file(lake))
    assert kinds(check(lake, tmp_path)) == [Kind.REVISION_LOST]


def test_changed_manifest_of_a_former_version_is_found(lake, tmp_path):
    put_by_hand(lake, kept_manifest(lake), b"{}")
    assert kinds(check(lake, tmp_path)) == [Kind.REVISION_LOST]


def test_former_version_that_is_not_kept_is_a_gap(lake, tmp_path):
    remove_by_hand(lake, kept_manifest(lake))
    remove_by_hand(lake, kept_file(lake))
    assert only(check(lake, tmp_path)).found == "version 1 is not kept"


def test_object_that_belongs_to_no_version_is_left_alone(lake, tmp_path):
    for name in ("manifest-1.json", "0" * 64):
        put_by_hand(lake, f"{REVISIONS}{PREFIX}{name}", b"?")
    assert kinds(check(lake, tmp_path, repair=True, sweep=True)) == [Kind.UNNAMED_OBJECT] * 2
    assert f"{REVISIONS}{PREFIX}manifest-1.json" in kept_names(lake)
