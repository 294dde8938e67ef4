"""The one place that writes results: atomic, checksummed, versioned, with provenance."""

from tutelage.base.files import atomic_write, remove_abandoned
from tutelage.store.datasets import SCHEMA_VERSION, load_dataset, save_dataset
from tutelage.store.keys import Store, dataset_key, default_directory
from tutelage.store.provenance import code_version, provenance

__all__ = [
    "SCHEMA_VERSION",
    "Store",
    "atomic_write",
    "code_version",
    "dataset_key",
    "default_directory",
    "load_dataset",
    "provenance",
    "remove_abandoned",
    "save_dataset",
]
