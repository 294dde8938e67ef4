"""Arrays read from npz files, with one message for whatever else a path may be."""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError


def read_arrays(
    path: str | os.PathLike,
    who: str,
    wanted: str,
    require: Callable[[Sequence[str]], None] = lambda names: None,
) -> dict[str, np.ndarray]:
    """All arrays of an npz file by name; ``wanted`` says in messages which were expected. Runs no code of the file's.

    Nothing is unpacked before ``require`` has seen the names and the sizes are known to fit.
    """
    try:
        with open(path, "rb") as stream:  # np.load leaves its own handle open when the archive is broken
            data = np.load(stream, allow_pickle=False)
            if not isinstance(data, np.lib.npyio.NpzFile):
                raise InputError(f"{who}: expected an npz archive with {wanted}, got a single npy array")
            require(data.files)
            n_bytes = sum(entry.file_size for entry in data.zip.infolist()) if data.zip else 0
            check.fits_in_memory(3.0 * n_bytes, who, "what is in it", "smaller arrays", "check the file")
            return {key: data[key] for key in data.files}
    except FileNotFoundError:
        raise InputError(f"{who}: no such file; check the path") from None
    except InputError:
        raise
    except (
        OSError,
        ValueError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        RuntimeError,
    ) as error:
        # Encrypted archives and unknown compressions are RuntimeErrors (NotImplementedError is one).
        raise InputError(
            f"{who}: expected an npz archive, could not read it ({error}); write it again"
        ) from None
