"""Orders of ARIMA models, and which of them a history is tried with."""

import re
from dataclasses import dataclass

LONGEST_SEASON = 24
PERIODS_PAST_TWO_SEASONS = 12
_Part = tuple[int, int, int]


@dataclass(frozen=True, order=True)
class Order:
    """(p, d, q) of one period and (P, D, Q) of one season of `season` periods. Raises ValueError for a negative part or no season.

    >>> str(Order(1, 0, 1, 0, 1, 1, 7))
    '(1,0,1)(0,1,1)[7]'
    """

    p: int
    d: int
    q: int
    P: int = 0
    D: int = 0
    Q: int = 0
    season: int = 1

    def __post_init__(self) -> None:
        if min(self.p, self.d, self.q, self.P, self.D, self.Q) < 0 or self.season < 1:
            raise ValueError(f"order: got {self}, expected no negative part and a season of 1 or more periods")
        if self.season == 1 and (self.P, self.D, self.Q) != (0, 0, 0):
            raise ValueError(f"order: got {self}, expected no seasonal part without a season")

    def __str__(self) -> str:
        seasonal = f"({self.P},{self.D},{self.Q})[{self.season}]" if self.season > 1 else ""
        return f"({self.p},{self.d},{self.q}){seasonal}"

    @classmethod
    def parsed(cls, text: str, season: int = 1) -> "Order":
        """The order written as "(1,0,1)" or "(1,0,1)(0,1,1)", its season of `season` periods. Raises ValueError for any other text.

        >>> Order.parsed("(1,0,1)(0,1,1)", 7) == Order(1, 0, 1, 0, 1, 1, 7)
        True
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"order: got {text!r}, expected one like (1,0,1) or (1,0,1)(0,1,1)")
        p, d, q, seasonal_p, seasonal_d, seasonal_q = (int(part) for part in found.groups("0"))
        return cls(p, d, q, seasonal_p, seasonal_d, seasonal_q, season if found[4] else 1)

    @property
    def lost(self) -> int:
        """Periods at the start that differencing takes away."""
        return self.d + self.D * self.season

    @property
    def parameters(self) -> int:
        """Numbers estimated: coefficients and the variance."""
        return self.p + self.q + self.P + self.Q + 1


_WRITTEN = re.compile(r"\((\d),(\d),(\d)\)(?:\((\d),(\d),(\d)\))?")

# No AR without MA: a level seen through noise is ARMA, and on the online shop's weeks an AR(1) carried single large orders forward
PLAIN: tuple[_Part, ...] = ((0, 1, 1), (1, 1, 1), (0, 1, 2), (1, 0, 1), (2, 0, 1), (0, 0, 1), (0, 0, 0))
SEASONAL: tuple[tuple[_Part, _Part], ...] = (
    ((0, 1, 1), (0, 1, 1)),
    ((1, 1, 1), (0, 1, 1)),
    ((0, 1, 2), (0, 1, 1)),
    ((1, 0, 0), (0, 1, 1)),
    ((1, 0, 1), (0, 1, 1)),
    ((2, 0, 1), (0, 1, 1)),
    ((1, 0, 1), (1, 0, 1)),
    ((2, 0, 1), (1, 0, 1)),
    ((0, 1, 1), (1, 0, 1)),
    ((0, 1, 2), (1, 0, 1)),
    ((1, 1, 1), (1, 0, 1)),
    ((0, 1, 1), (0, 0, 0)),
    ((1, 1, 1), (0, 0, 0)),
    ((1, 0, 1), (0, 0, 0)),
)
LONG_SEASONAL: tuple[tuple[_Part, _Part], ...] = (
    ((1, 0, 0), (0, 1, 0)),
    ((1, 0, 1), (0, 1, 0)),
    ((0, 1, 1), (0, 1, 0)),
    ((1, 1, 1), (0, 1, 0)),
    ((0, 1, 1), (0, 0, 0)),
    ((1, 1, 1), (0, 0, 0)),
    ((1, 0, 0), (0, 0, 0)),
    ((1, 0, 1), (0, 0, 0)),
)


def candidates(season: int, known: int) -> tuple[Order, ...]:
    """The orders to choose from, for an item with `known` periods of history.

    A season counts from 2 seasons and 12 periods on. Seasons over 24 periods have no seasonal coefficients, whose states would be too many:
    they enter by differencing alone.
    """
    if season < 2 or known < 2 * season + PERIODS_PAST_TWO_SEASONS:
        return tuple(Order(*order) for order in PLAIN)
    shapes = SEASONAL if season <= LONGEST_SEASON else LONG_SEASONAL
    return tuple(Order(*order, *seasonal, season) for order, seasonal in shapes)


@dataclass(frozen=True)
class Shape:
    """What a kernel is compiled for: the most of each part that any order has, and the season (1: none)."""

    p: int
    q: int
    P: int
    Q: int
    season: int

    @property
    def parameters(self) -> int:
        """Rows of unconstrained numbers."""
        return self.p + self.q + self.P + self.Q

    @property
    def ar(self) -> int:
        """The longest lag of the AR side."""
        return self.p + self.P * self.season

    @property
    def ma(self) -> int:
        """The longest lag of the MA side."""
        return self.q + self.Q * self.season

    @property
    def ar_lags(self) -> tuple[int, ...]:
        """The lags of the AR side that are not 0 in every order."""
        return _lags(self.p, self.P, self.season)

    @property
    def ma_lags(self) -> tuple[int, ...]:
        """Those of the MA side."""
        return _lags(self.q, self.Q, self.season)

    @property
    def sides(self) -> tuple[list[int], list[int]]:
        """Which rows of unconstrained numbers belong to the AR side, and which to the MA side."""
        ends = self.p, self.p + self.q, self.p + self.q + self.P, self.parameters
        return [*range(ends[0]), *range(ends[1], ends[2])], [*range(ends[0], ends[1]), *range(ends[2], ends[3])]


def _lags(plain: int, seasonal: int, season: int) -> tuple[int, ...]:
    """
    >>> _lags(2, 1, 7)
    (1, 2, 7, 8, 9)
    """
    return tuple(sorted({i + season * j for i in range(plain + 1) for j in range(seasonal + 1)} - {0}))


def differencing(d: int, D: int, season: int, length: int) -> list[float]:  # noqa: N803
    """The coefficients delta, `length` of them, of y[t] = w[t] + sum delta[j] y[t - j]: 1 - (1 - B)^d (1 - B^season)^D.

    >>> differencing(1, 0, 7, 3)
    [1.0, 0.0, 0.0]
    >>> differencing(1, 1, 2, 3)
    [1.0, 1.0, -1.0]
    """
    polynomial = [1.0]
    for lag in (1,) * d + (season,) * D:
        longer = [*polynomial, *[0.0] * lag]
        polynomial = [a - b for a, b in zip(longer, [0.0] * lag + polynomial, strict=True)]
    delta = [-value for value in polynomial[1:]]
    return delta + [0.0] * (length - len(delta))
