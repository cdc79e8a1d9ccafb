"""Many small quadratic problems with a penalty on the sum of absolute values, each solved exactly by its active set."""

import numpy as np

MOST_STEPS_A_COEFFICIENT = 8
SLACK = 1e-9


def lasso(gram: np.ndarray, right: np.ndarray, penalty: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The d (n x S) that minimises d'Gd / 2 - r'd + penalty * sum |d| of each of n problems.

    gram: G, n x S x S, symmetric; it need not be definite where r is 0 too. right: r, n x S. penalty: n. start: n x S.

    The coefficients that are not 0 go to their least value with the signs that they have; where one meets 0 on the way, the way ends
    there and it stays out; where none does, that one of the others comes in which lowers the sum most steeply (Lee, Battle, Raina & Ng,
    Efficient sparse coding algorithms, 2006, with steps to the first change of sign). No step raises the sum.

    >>> lasso(np.eye(2)[None], np.array([[3.0, 0.5]]), np.array([1.0]), np.zeros((1, 2)))
    array([[2., 0.]])
    """
    d, sign = start.copy(), np.sign(start)
    left = np.arange(len(d))
    for _ in range(MOST_STEPS_A_COEFFICIENT * d.shape[1]):
        if not len(left):
            break
        d[left], sign[left], done = _step(gram[left], right[left], penalty[left, None], d[left], sign[left])
        left = left[~done]
    return d


def _step(
    gram: np.ndarray, right: np.ndarray, penalty: np.ndarray, d: np.ndarray, sign: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The coefficients and their signs (0: held at 0) one step on, and whether nothing is left to do, n."""
    rows, active = np.arange(len(d)), sign != 0
    among = np.where(active[:, :, None] & active[:, None, :], gram, np.eye(d.shape[1]))
    target = np.linalg.solve(among, np.where(active, right - penalty * sign, 0.0)[:, :, None])[:, :, 0]
    crosses = active & (target * sign < 0)
    share = np.where(crosses, np.divide(d, d - target, out=np.zeros_like(d), where=crosses), np.inf)
    first = share.argmin(axis=1)
    arrived = share[rows, first] > 1
    d = np.where(arrived[:, None], target, d + np.where(arrived, 1.0, share[rows, first])[:, None] * (target - d))
    d[rows[~arrived], first[~arrived]] = 0.0
    sign = sign.copy()
    sign[rows[~arrived], first[~arrived]] = 0.0
    slope = np.matmul(gram, d[:, :, None])[:, :, 0] - right
    excess = np.where(sign == 0, np.abs(slope), 0.0)
    worst = excess.argmax(axis=1)
    comes = arrived & (excess[rows, worst] > penalty[:, 0] * (1 + SLACK))
    sign[rows[comes], worst[comes]] = -np.sign(slope[rows[comes], worst[comes]])
    return d, sign, arrived & ~comes
