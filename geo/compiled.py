"""Functions compiled to machine code on first use, and kept on disk for the next process."""

import os
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")
_HERE = Path(__file__).parent


@cache
def code_folder(package: Path = _HERE) -> Path | None:
    """Where a package's machine code is kept, named for what its sources say and those of `geo`.

    numba itself looks only at the file of a function, not at the files of what that calls. None where
    nothing can be written here.
    """
    if not os.access(_HERE, os.W_OK):
        return None
    sources = b"".join(file.read_bytes() for file in sorted(package.glob("*.py")))
    name = sha256(sources).hexdigest()[:16]
    above = _HERE / "__pycache__" if package == _HERE else code_folder()
    return above and above / name


def compiled(function: F, **options: str) -> F:
    """`function`, compiled by numba without fast-math, so that results are the same everywhere."""
    if folder := code_folder(Path(function.__code__.co_filename).parent):
        # Read as the function is decorated.
        config.CACHE_DIR = str(folder)
    return cast(F, njit(cache=True, nogil=True, error_model="numpy", **options)(function))


def inlined(function: F) -> F:
    """`compiled`, and written out wherever compiled code calls it: for a few steps on a row.

    A call with arrays would count references, which takes several times what the steps do.
    """
    return compiled(function, inline="always")


def _uncounted(_: Any, arrays: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (value,) = arguments
        for i, kind in enumerate(signature.args[0].types):
            array = context.make_array(kind)(context, builder, builder.extract_value(value, i))
            array.meminfo = cgutils.get_null_value(array.meminfo.type)
            value = builder.insert_value(value, array._getvalue(), i)
        return value

    return arrays(arrays), generate


borrowed = cast(Callable[[T], T], intrinsic(_uncounted))
"""In compiled code: a named tuple of arrays, the same arrays without a count of references.

Handing the tuple on is then free; else every call counts up and down for every array, which takes a
hundred times what a short function does. Only for arrays that the outermost call was given, and
views of such: whoever called it keeps them alive.
"""
