"""Selection of features: how much each says about demand by itself, and the best of them."""

import numpy as np


def scores(inputs: np.ndarray, target: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Scores of each column of `inputs`, rows x features, for `target`, by kind; the more the better.

    "f_score": F of the regression on that column alone, what is not known taken as the column's median. "mutual_information": nats, by
    nearest neighbours (Kraskov, Stögbauer & Grassberger, Estimating mutual information, 2004), which also sees what is no line.
    """
    from sklearn.feature_selection import mutual_info_regression

    filled = medians(inputs)
    found = mutual_info_regression(filled, target, random_state=seed)
    return {"f_score": _f_score(filled, target), "mutual_information": found}


def best(inputs: np.ndarray, target: np.ndarray, count: int) -> np.ndarray:
    """Ascending positions of the `count` columns with the highest F.

    >>> best(np.array([[0.0, 5.0], [1.0, 4.0], [2.0, 5.0], [3.0, 4.0]]), np.array([0.0, 1.0, 2.1, 3.0]), 1)
    array([0])
    """
    from sklearn.feature_selection import SelectKBest

    chosen = SelectKBest(lambda x, y: _f_score(x, y), k=min(count, inputs.shape[1])).fit(medians(inputs), target)
    return np.flatnonzero(chosen.get_support())


def varying(inputs: np.ndarray) -> np.ndarray:
    """Ascending positions of the columns that hold two different known values."""
    high, low = np.where(np.isnan(inputs), -np.inf, inputs).max(axis=0), np.where(np.isnan(inputs), np.inf, inputs).min(axis=0)
    return np.flatnonzero(high > low)


def medians(inputs: np.ndarray) -> np.ndarray:
    """`inputs` with what is not known (NaN) as the median of its column; 0 in a column of which nothing is known."""
    filled = inputs.copy()
    for column in filled.T:
        unknown = np.isnan(column)
        if unknown.any():
            column[unknown] = 0.0 if unknown.all() else np.median(column[~unknown])
    return filled


def _f_score(filled: np.ndarray, target: np.ndarray) -> np.ndarray:
    from sklearn.feature_selection import f_regression

    return np.nan_to_num(f_regression(filled, target)[0])
