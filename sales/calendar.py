"""Calendar: the regular periods that all items share, and how dates become periods."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Frequency = Literal["D", "W", "M"]
DAYS_PER_MONTH = 365.25 / 12
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAYS = {"D": 1.0, "W": 7.0, "M": DAYS_PER_MONTH}
_SEASON = {"D": 7, "W": 52, "M": 12}
_LEAST_DATES_TO_DETECT = 3
_LEAST_WEEKS = 4 - 3 / 7  # from a Monday to a Friday three weeks later
_HARDLY = 0.05  # of the days that the usual weekday has
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Days, weeks or months, and the day each period is labelled by.

    `alias` is the pandas frequency of the labels: "D", "W-MON" to "W-SUN" (a week runs from that weekday), "MS" (months by
    their first day) or "ME" (months by their last day).

    >>> Calendar("W-MON").label(pd.DatetimeIndex(["2024-01-03"]))[0].date().isoformat()
    '2024-01-01'
    """

    alias: str

    def __post_init__(self) -> None:
        if self.alias not in ("D", "MS", "ME", *(f"W-{day}" for day in WEEKDAYS)):
            raise ValueError(f"calendar alias: got {self.alias!r}, expected D, W-MON to W-SUN, MS or ME")

    @property
    def frequency(self) -> Frequency:
        return "M" if self.alias in ("MS", "ME") else "W" if self.alias.startswith("W") else "D"

    @property
    def days(self) -> float:
        """Days in a period, on average: 1, 7 or 30.4375."""
        return _DAYS[self.frequency]

    @property
    def season(self) -> int:
        """Periods in the usual season: 7 days, 52 weeks, 12 months."""
        return _SEASON[self.frequency]

    def label(self, dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """The label of the period that each date falls into."""
        days = dates.normalize()
        if self.frequency == "D":
            return days
        if self.frequency == "W":
            first = WEEKDAYS.index(self.alias[2:])
            return days - pd.to_timedelta((days.day_of_week - first) % 7, unit="D")
        start = days - pd.to_timedelta(days.day - 1, unit="D")
        return start if self.alias == "MS" else start + pd.offsets.MonthEnd(0)

    def range(self, first: pd.Timestamp, periods: int) -> pd.DatetimeIndex:
        """`periods` labels from `first`, itself a label."""
        return pd.date_range(first, periods=periods, freq=self.alias, unit="us")

    def after(self, last: pd.Timestamp, periods: int) -> pd.DatetimeIndex:
        """The `periods` labels that follow `last`, itself a label."""
        return self.range(last, periods + 1)[1:]

    def first_day(self, label: pd.Timestamp) -> pd.Timestamp:
        return label.replace(day=1) if self.alias == "ME" else label

    def last_day(self, label: pd.Timestamp) -> pd.Timestamp:
        if self.alias == "ME":
            return label
        return self.after(label, 1)[0] - pd.Timedelta(days=1)

    def periods(self, days: np.ndarray | float) -> np.ndarray:
        """Days as periods, fractions kept: 10 days are 1.43 weeks."""
        return np.asarray(days, dtype=float) / self.days


def detect_frequency(dates: pd.DatetimeIndex) -> Frequency:
    """The period that the file itself is kept in: W where all dates share a weekday, M where all sit on a month's edge, else D."""
    days = dates.normalize().unique()
    if len(days) < _LEAST_DATES_TO_DETECT:
        return "D"
    if _month_edge(days):
        return "M"
    return "W" if days.day_of_week.nunique() == 1 else "D"


def calendar_for(dates: pd.DatetimeIndex, frequency: Frequency) -> Calendar:
    """The calendar of `frequency` labelled as the file labels it: by its one weekday, its month starts or its month ends; else by the
    first day of the period, weeks from Monday."""
    days = dates.normalize().unique()
    if frequency == "D":
        return Calendar("D")
    if frequency == "W":
        one_weekday = len(days) and days.day_of_week.nunique() == 1
        return Calendar(f"W-{WEEKDAYS[days[0].weekday()]}" if one_weekday else "W-MON")
    return Calendar(_month_edge(days) or "MS")


def full_periods(dates: pd.DatetimeIndex, calendar: Calendar) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Labels of the first and last period that the file covers from its first to its last day; None where there is none.

    A file kept in weeks or months reaches from one date to the day before the next; one kept in days over the weekdays beside it on which
    the shop is closed: of a shop open from Monday to Saturday a week is full on Saturday.
    """
    days = dates.normalize().unique()
    first, last = days.min(), days.max()
    sits_on_labels = len(days) > 1 and calendar.label(days).equals(days)
    own = calendar if sits_on_labels else calendar_for(days, detect_frequency(days))
    covered_from, covered_to = own.first_day(first), own.last_day(last)
    closed = _closed_weekdays(days) if own.frequency == "D" else ()
    while (covered_from - _DAY).day_of_week in closed:
        covered_from -= _DAY
    while (covered_to + _DAY).day_of_week in closed:
        covered_to += _DAY
    first_label, last_label = calendar.label(pd.DatetimeIndex([first, last]))
    if calendar.first_day(first_label) < covered_from:
        first_label = calendar.after(first_label, 1)[0]
    if calendar.last_day(last_label) > covered_to:
        last_label = last_label - pd.tseries.frequencies.to_offset(calendar.alias)
    return (first_label, last_label) if first_label <= last_label else None


def _closed_weekdays(days: pd.DatetimeIndex) -> tuple[int, ...]:
    """Weekdays, Monday 0, on which `days` hardly ever fall, in at least 4 weeks of which the others hold most."""
    weeks = (days.max() - days.min()).days / 7
    often = np.bincount(days.day_of_week, minlength=7)
    if weeks < _LEAST_WEEKS or often.max() < weeks / 2:
        return ()
    return tuple(int(weekday) for weekday in np.flatnonzero(often <= _HARDLY * often.max()))


def _month_edge(days: pd.DatetimeIndex) -> str | None:
    if len(days) == 0:
        return None
    return "MS" if days.is_month_start.all() else "ME" if days.is_month_end.all() else None
