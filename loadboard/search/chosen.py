"""Which sites of a board lie in an area: kept, since the same towns are asked for again and again."""

import threading
from functools import cache
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from geo.areas import Mask
from geo.nearby import Kept
from loadboard.settings import settings
from matching.board import View
from matching.columns import Rows
from matching.search import Wanted, passing
from matching.sites import Sites, Where


class _Chosen(NamedTuple):
    """A mask of sites, which have their numbers as long as `numbered` is theirs."""

    numbered: Kept
    mask: Mask


_lock = threading.Lock()


@cache
def remembered() -> LRUCache[Where, _Chosen]:
    """What a process keeps at hand."""
    return LRUCache(settings().areas_mb << 20, getsizeof=lambda chosen: chosen.mask.nbytes)


def found(view: View, wanted: Wanted) -> Rows:
    """As `matching.search.find`."""
    pickup = None if wanted.pickup is None else chosen(view.sites, wanted.pickup)
    delivery = None if wanted.delivery is None else chosen(view.sites, wanted.delivery)
    return passing(view, wanted, pickup, delivery)


def is_known(sites: Sites, where: Where | None) -> bool:
    """Whether it takes no work to say which sites lie in an area, or hardly any."""
    with _lock:
        kept = None if where is None else remembered().get(where)
    return where is None or (kept is not None and kept.numbered is sites.kept)


def chosen(sites: Sites, where: Where) -> Mask:
    """As `Sites.chosen`; what is answered must not be written to."""
    with _lock:
        kept = remembered().get(where)
    if kept is None or kept.numbered is not sites.kept:
        mask = sites.chosen(where)
    elif len(kept.mask) >= sites.known:
        return kept.mask[: sites.known]
    else:
        mask = np.concatenate((kept.mask, _later(sites, len(kept.mask)).chosen(where)))
    with _lock:
        if mask.nbytes <= remembered().maxsize:
            remembered()[where] = _Chosen(sites.kept, mask)
    return mask


def _later(sites: Sites, first: int) -> Sites:
    """The sites from a number on, alone."""
    later = slice(first, sites.known)
    return Sites(sites.points.of(later), sites.cells[later], 0, sites.known - first, Kept())
