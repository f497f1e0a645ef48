"""How often Python looks for objects that only hold each other."""

import gc


def collect_seldom() -> None:
    """For processes that hold much for good and make many short-lived objects at once.

    By default every 700 objects may set off a search, and every hundredth of those goes through all that
    is held: more than half of the time of reading an import went into that.
    """
    gc.set_threshold(50_000, 20, 50)
