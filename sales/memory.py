"""Memory: what an import frees, it needs again at once; a process that does nothing else keeps it in place of handing it back."""

import ctypes
import sys

import pyarrow as pa

_TRIM_FROM, _MAPPED_FROM, _ARENAS = -1, -3, -8  # of mallopt, in malloc.h of the GNU C library
_MOST = 2**31 - 1
_NO_HUGE_PAGES = 41  # PR_SET_THP_DISABLE of Linux' prctl


def keep_freed() -> None:
    """From now on this process keeps what it frees, for itself, and NumPy and Arrow take from the same store. Pages that the system hands
    out are cleared first, huge ones as a whole, and columns of millions come and go by the dozen. For a command that ends after its work,
    not for a server. Does nothing where the C library is not GNU's."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallopt"):
        return
    for setting, value in ((_MAPPED_FROM, _MOST), (_TRIM_FROM, _MOST), (_ARENAS, 1)):
        library.mallopt(setting, value)
    library.prctl(_NO_HUGE_PAGES, 1, 0, 0, 0)
    pa.set_memory_pool(pa.system_memory_pool())
