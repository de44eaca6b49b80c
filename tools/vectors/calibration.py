"""Makes test/unit/core/calibration/vectors.json, the reference figures that core/calibration is tested against.

Needs Python 3.11 or later with the packages of requirements.txt, see statistics.py. Run again with the same versions it
writes the same file.
"""

import json
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa

OUT = pathlib.Path(__file__).parents[2] / "test/unit/core/calibration/vectors.json"
rng = np.random.default_rng(20261121)

# The first two are those of Fleiss (1981) and of the SAS manual.
tables = [
    [[75, 1, 4], [5, 4, 1], [0, 0, 10]],
    [[0, 4, 1], [0, 8, 0], [0, 1, 5]],
    [[20, 5], [10, 15]],
    [[3, 1], [2, 4]],
    [[10, 0], [9, 1]],
    [[1, 9], [9, 1]],
]
tables += [rng.integers(1, 40, (2, 2)).tolist() for _ in range(20)]
tables += [rng.integers(0, 40, (3, 3)).tolist() for _ in range(20)]


def kappa(table):
    result = cohens_kappa(np.array(table))
    return {
        "table": table,
        "kappa": result.kappa,
        "low": max(-1.0, result.kappa_low),
        "high": min(1.0, result.kappa_upp),
    }


def welch(a, b):
    result = stats.ttest_ind(a, b, equal_var=False)
    interval = result.confidence_interval(0.95)
    return {
        "a": a,
        "b": b,
        "difference": float(np.mean(a) - np.mean(b)),
        "low": float(interval.low),
        "high": float(interval.high),
    }


def differences():
    yield [1, 0, 0, 1], [0, -1, 0]
    yield [0.5, 0.25, 1.0], [0.0, 0.125]
    for n, m in [(5, 7), (30, 12), (2, 40), (100, 100)]:
        yield rng.integers(-1, 2, n).tolist(), (rng.integers(-1, 2, m) * 0.5).tolist()


OUT.write_text(
    json.dumps(
        {
            "versions": {
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                "statsmodels": statsmodels.__version__,
            },
            "kappa": [kappa(table) for table in tables],
            "welch": [welch(a, b) for a, b in differences()],
        }
    )
)
