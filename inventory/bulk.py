"""Many lines changed at once: what an override by percent comes to, line by line."""

import numpy as np

from inventory import formulas
from inventory.plan import ReorderPlan


def by_percent(plan: ReorderPlan, percent: float) -> dict[str, float]:
    """Item -> units: the computed quantity of each line to order changed by `percent` (+10: a tenth more), up to whole packs, whole units
    where there is no pack; never below 0. Lines with nothing computed to order are left out.

    Raises ValueError where `percent` is below -100 or no number.
    """
    if not -100 <= percent < np.inf:
        raise ValueError(f"percent: got {percent}, expected a number of -100 or more")
    rows = np.flatnonzero(plan.computed > 0)
    units = formulas.round_up_to_pack(plan.computed[rows] * (1 + percent / 100), 0.0, plan.pack[rows])
    return dict(zip(plan.items[rows], units.tolist(), strict=True))
