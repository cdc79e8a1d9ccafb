"""One item's past: each period is of one kind, and the kinds of nothing stay apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import panel

from sales.summary import nothing

NAN = float("nan")


def test_the_kinds_of_nothing_stay_apart() -> None:
    """Of the first item: sold, sold 0, the shop closed, out of stock, inferred, not known; the second came later."""
    y = [[5, 0, 0, 0, 0, NAN, 2], [NAN, NAN, 0, 1, 1, 1, 1], [1, 1, 0, 1, 1, 1, 1]]
    out = np.zeros((3, 7), dtype=bool)
    inferred = out.copy()
    out[0, 3] = inferred[0, 4] = True
    shop = panel(y, starts=[0, 2, 0], out_of_stock=out)
    kinds = nothing(shop, "A000", inferred)
    assert {name: np.flatnonzero(mask).tolist() for name, mask in vars(kinds).items()} == {
        "sold": [0, 6],
        "zero": [1],
        "closed": [2],
        "given": [3],
        "inferred": [4],
        "unknown": [5],
    }
    assert nothing(shop, "A001").counts == {"sold": 4, "zero": 0, "closed": 1, "given": 0, "inferred": 0, "unknown": 0}
    assert nothing(shop, "A000").counts["zero"] == 2
    with pytest.raises(KeyError, match="items not in the panel"):
        nothing(shop, "B")


@given(st.lists(st.tuples(st.sampled_from([0, 1, NAN]), st.booleans(), st.booleans()), min_size=1, max_size=9), st.integers(0, 9))
def test_each_period_since_the_first_is_of_one_kind(drawn: list[tuple[float, bool, bool]], start: int) -> None:
    y, out, inferred = (np.array([part]) for part in zip(*drawn, strict=True))
    start = min(start, len(drawn))
    y = np.where(np.arange(len(drawn)) < start, NAN, y)
    kinds = nothing(panel(y, starts=[start], out_of_stock=out), "A000", inferred & (y == 0))
    assert sum(mask.astype(int) for mask in vars(kinds).values()).tolist() == [0] * start + [1] * (len(drawn) - start)
