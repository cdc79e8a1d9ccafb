"""What foreign libraries need around them: silence, one thread, seeds of the global generators they draw from."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python's and numpy's global generators seeded inside, and as they were after."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


@contextmanager
def quiet() -> Iterator[None]:
    """Warnings inside are dropped: what matters of a fit is its status. Recording catches those that statsmodels, when it is imported,
    asks to be shown always."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra inside runs on one thread: for the small matrices of one item's fit more only wait for each other."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
