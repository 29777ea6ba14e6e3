"""Memory that is not needed any more, given back to the machine."""

import ctypes
import gc


def give_back() -> None:
    """Let go of garbage in cycles, and of what the C library keeps for later (glibc; others keep less).

    Takes a tenth of a second in a worker: for moments in which nothing else is to be done.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
