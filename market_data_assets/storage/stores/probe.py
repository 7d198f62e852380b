"""Whether a store honours preconditions: without them two writers would overwrite each other, and no error would say so."""

import uuid
from contextlib import suppress

from market_data_assets.errors import PreconditionFailed, StorageFailed
from market_data_assets.storage.stores.base import Store


def probe_compare_and_swap(store: Store) -> None:
    """Create and replace one small object under ``_probe/``, try the same again with generations of the past, remove it.

    Raises:
        StorageFailed: the store took a change that it should have refused, or refused one that it should have taken.
        AuthError, Retryable: the store cannot be reached, or not with these credentials.
    """
    name = f"_probe/{uuid.uuid4().hex}"
    try:
        created = store.put(name, b"created", if_generation=0)
        _expect_refusal(store, name, 0, "created an object that exists")
        replaced = store.put(name, b"replaced", if_generation=created)
        _expect_refusal(store, name, created, "replaced an object at a generation that is gone")
        found = store.get(name)
        if (bytes(found.data), found.generation) != (b"replaced", replaced):
            raise StorageFailed(f"{store.url(name)}: expected what was stored last, at generation {replaced}; found {found.generation}")
    except PreconditionFailed as refusal:
        raise StorageFailed(f"{store.url(name)}: the store refused a change whose precondition holds ({refusal})") from None
    finally:
        _remove(store, name)


def _expect_refusal(store: Store, name: str, generation: int, mistake: str) -> None:
    try:
        store.put(name, b"must be refused", if_generation=generation)
    except PreconditionFailed:
        return
    raise StorageFailed(
        f"{store.url(name)}: the store {mistake}; expected it to refuse. It ignores preconditions, as GCS's S3-compatible endpoint does, "
        "and writers there would destroy each other's data"
    )


def _remove(store: Store, name: str) -> None:
    head = store.head(name)
    if head is not None:
        with suppress(PreconditionFailed):
            store.delete(name, if_generation=head.generation)
