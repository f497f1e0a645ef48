"""What lies in the areas that are asked for: kept, since the same towns and lanes are asked for again and again."""

import threading
import weakref
from functools import cache
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from geo.areas import Mask
from geo.nearby import Kept
from loadboard.settings import settings
from matching.board import View
from matching.columns import Rows
from matching.search import Wanted, in_fresh, in_main, sifted
from matching.sites import Sites, Where


class _Chosen(NamedTuple):
    """A mask of sites, which have their numbers as long as `numbered` is theirs."""

    numbered: Kept
    found: Mask


class _Reached(NamedTuple):
    """Rows of the main whose order by id this is, without keeping that from going."""

    main: "weakref.ref[Rows]"
    found: Rows


_Ends = tuple[Where | None, Where | None]
QUICK_ROWS = 50_000
"""So many are judged in the time that it takes to hand a few on to a thread."""
_lock = threading.Lock()


@cache
def remembered() -> LRUCache[Where | _Ends, _Chosen | _Reached]:
    """What a process keeps at hand: of an area its sites, of two ends their rows."""
    return LRUCache(settings().areas_mb << 20, getsizeof=lambda kept: kept.found.nbytes)


def _recall(what: Where | _Ends) -> _Chosen | _Reached | None:
    with _lock:
        return remembered().get(what)


def _remember(what: Where | _Ends, kept: _Chosen | _Reached) -> None:
    with _lock:
        if kept.found.nbytes <= remembered().maxsize:
            remembered()[what] = kept


def found_rows(view: View, wanted: Wanted) -> Rows:
    """As `matching.search.find`."""
    pickup = None if wanted.pickup is None else chosen(view.sites, wanted.pickup)
    delivery = None if wanted.delivery is None else chosen(view.sites, wanted.delivery)
    old = _known_in_main(view, wanted)
    if old is None:
        old = in_main(view, pickup, delivery)
        _remember((wanted.pickup, wanted.delivery), _Reached(weakref.ref(view.main.by_id), old))
    return sifted(view, wanted, (old, in_fresh(view, pickup, delivery)))


def is_quick(view: View, wanted: Wanted) -> bool:
    """Whether to find the loads takes little more than to hand that on to a thread."""
    known = _known_in_main(view, wanted)
    return known is not None and len(known) <= QUICK_ROWS


def _known_in_main(view: View, wanted: Wanted) -> Rows | None:
    kept = _recall((wanted.pickup, wanted.delivery))
    if isinstance(kept, _Reached) and kept.main() is view.main.by_id:
        return kept.found
    return None


def chosen(sites: Sites, where: Where) -> Mask:
    """As `Sites.chosen`; what is answered must not be written to."""
    kept = _recall(where)
    if not isinstance(kept, _Chosen) or kept.numbered is not sites.kept:
        mask = sites.chosen(where)
    elif len(kept.found) >= sites.known:
        return kept.found[: sites.known]
    else:
        mask = np.concatenate((kept.found, _later(sites, len(kept.found)).chosen(where)))
    _remember(where, _Chosen(sites.kept, mask))
    return mask


def _later(sites: Sites, first: int) -> Sites:
    """The sites from a number on, alone."""
    later = slice(first, sites.known)
    return Sites(sites.points.of(later), sites.cells[later], 0, sites.known - first, Kept())
