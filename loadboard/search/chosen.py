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


QUICK_SHARE = 0.1
_lock = threading.Lock()


@cache
def remembered() -> LRUCache[Where, _Chosen]:
    """What a process keeps at hand."""
    return LRUCache(settings().areas_mb << 20, getsizeof=lambda chosen: chosen.mask.nbytes)


def found_rows(view: View, wanted: Wanted) -> Rows:
    """As `matching.search.find`."""
    pickup = None if wanted.pickup is None else chosen(view.sites, wanted.pickup)
    delivery = None if wanted.delivery is None else chosen(view.sites, wanted.delivery)
    return passing(view, wanted, pickup, delivery)


def is_quick(sites: Sites, wanted: Wanted) -> bool:
    """Whether to find the loads takes little more than to hand that on to a thread."""
    areas = [area for area in (wanted.pickup, wanted.delivery) if area is not None]
    with _lock:
        kept = [remembered().get(area) for area in areas]
    masks = [one.mask for one in kept if one is not None and one.numbered is sites.kept]
    if not areas or len(masks) < len(areas):
        return False
    return bool(min(map(np.count_nonzero, masks)) <= QUICK_SHARE * sites.known)


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
