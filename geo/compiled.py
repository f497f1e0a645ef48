"""Functions compiled to machine code on first use, and kept on disk for the next process."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")


def compiled(function: F) -> F:
    """`function`, compiled by numba without fast-math, so that results are the same everywhere."""
    return cast(F, njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: F) -> F:
    """`compiled`, and written out wherever compiled code calls it: for a few steps on a row.

    A call with arrays would count references, which takes several times what the steps do.
    """
    return cast(F, njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))


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


def _keep_by_content() -> None:
    """Keep machine code in a folder named for what all sources of `geo` say.

    numba itself looks only at the file of the function, not at the files of what that calls.
    """
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    if os.access(here, os.W_OK) and not config.CACHE_DIR:
        config.CACHE_DIR = str(here / "__pycache__" / sha256(sources).hexdigest()[:16])


_keep_by_content()
