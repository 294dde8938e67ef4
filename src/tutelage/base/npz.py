"""Arrays read from npz files, with one message for whatever else a path may be."""

from __future__ import annotations

import os
import zipfile

import numpy as np

from tutelage.base.errors import InputError


def read_arrays(path: str | os.PathLike, who: str, wanted: str) -> dict[str, np.ndarray]:
    """All arrays of an npz file by name; ``wanted`` says in messages which were expected. Runs no code of the file's."""
    try:
        with open(path, "rb") as stream:  # np.load leaves its own handle open when the archive is broken
            data = np.load(stream, allow_pickle=False)
            if isinstance(data, np.lib.npyio.NpzFile):
                return {key: data[key] for key in data.files}
    except FileNotFoundError:
        raise InputError(f"{who}: no such file; check the path") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{who}: expected an npz archive, could not read it ({error}); write it again"
        ) from None
    raise InputError(f"{who}: expected an npz archive with {wanted}, got a single npy array")
