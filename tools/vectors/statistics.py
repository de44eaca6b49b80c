"""Makes test/unit/core/statistics/vectors.json, the reference figures that core/statistics is tested against.

Needs Python 3.11 or later with the packages of requirements.txt:

    python3 -m venv /tmp/vectors && /tmp/vectors/bin/pip install -r tools/vectors/requirements.txt
    /tmp/vectors/bin/python tools/vectors/statistics.py
    npx prettier --write test/unit/core/statistics/vectors.json

Run again with the same versions it writes the same file.
"""

import json
import pathlib

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

OUT = pathlib.Path(__file__).parents[2] / "test/unit/core/statistics/vectors.json"
rng = np.random.default_rng(20260302)


def samples():
    yield "one value", [0.25]
    yield "two values", [1.0, 2.0]
    yield "few ties", [0.5, 0.5, 0.75, 1.0, 0.0]
    yield "shares", rng.beta(5, 2, 37).round(3).tolist()
    yield "latencies", rng.lognormal(6.5, 0.8, 500).round(1).tolist()
    yield "large offset", (1e9 + rng.normal(0, 1e-2, 50)).tolist()
    yield "negative", rng.normal(-3, 2, 11).tolist()


def quantile_vectors():
    ps = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1]
    for name, values in samples():
        yield {"name": name, "values": values, "ps": ps, "quantiles": np.quantile(values, ps).tolist()}


def moment_vectors():
    for name, values in samples():
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        yield {"name": name, "values": values, "mean": float(np.mean(values)), "sd": sd}


def wilson_vectors():
    cases = [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (5, 10), (153, 173), (1, 1000), (999, 1000), (7, 20), (12345, 200000)]
    for successes, n in cases:
        for confidence in (0.8, 0.95, 0.99):
            low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
            yield {"successes": successes, "n": n, "confidence": confidence, "low": float(low), "high": float(high)}


def t_vectors():
    for df in (1, 2, 3, 5, 9, 30, 99, 1000, 199999, 10**7):
        for p in (0.001, 0.025, 0.1, 0.4, 0.5, 0.75, 0.9, 0.975, 0.995, 0.99999):
            yield {"df": df, "p": p, "t": float(stats.t.ppf(p, df))}


def normal_vectors():
    for p in (1e-12, 1e-6, 0.001, 0.025, 0.05, 0.2, 0.5, 0.6, 0.9, 0.975, 0.999, 1 - 1e-9):
        yield {"p": p, "z": float(stats.norm.ppf(p))}


def interval_vectors():
    for name, values in samples():
        n = len(values)
        if n < 2:
            continue
        for confidence in (0.9, 0.95):
            low, high = stats.t.interval(confidence, n - 1, loc=np.mean(values), scale=stats.sem(values))
            yield {"name": name, "values": values, "confidence": confidence, "low": float(low), "high": float(high)}


def clustered(values, clusters, confidence):
    """The mean of an intercept-only model with cluster-robust errors: statsmodels' correction is G/(G-1)."""
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    low, high = fit.conf_int(alpha=1 - confidence)[0]
    return float(fit.params[0]), float(fit.bse[0]), float(low), float(high)


def cluster_vectors():
    for items, sizes in ((6, [3]), (20, [5]), (15, [1, 2, 4]), (40, [1])):
        clusters, values, truths = [], [], []
        for item in range(items):
            centre, skill = rng.normal(0.5, 0.2), rng.beta(2, 1)
            for _ in range(sizes[item % len(sizes)]):
                clusters.append(item)
                values.append(float(centre + rng.normal(0, 0.1)))
                truths.append(int(rng.random() < skill))
        mean, se, low, high = clustered(values, clusters, 0.95)
        share, share_se, _, _ = clustered(truths, clusters, 0.95)
        n = len(values)
        # Wilson at the effective n of the design effect (Franco, Little, Louis and Slud 2019).
        effect = max(1.0, share_se**2 * (n - 1) / (share * (1 - share)))
        effective = n if len(set(clusters)) == n else n / effect
        wilson = proportion_confint(share * effective, effective, alpha=0.05, method="wilson")
        yield {
            "clusters": clusters,
            "values": values,
            "mean": mean,
            "standardError": se,
            "low": low,
            "high": high,
            "truths": truths,
            "rate": share,
            "rateLow": float(wilson[0]),
            "rateHigh": float(wilson[1]),
        }


def histogram_vectors():
    tenths = [tenth / 10 for tenth in range(11)]
    values = rng.beta(4, 2, 200).round(2).tolist() + [0.0, 0.1, 0.3, 0.7, 1.0, 1.0]
    yield {"name": "tenths", "values": values, "edges": tenths, "counts": np.histogram(values, tenths)[0].tolist()}
    ratings = rng.integers(1, 6, 100).tolist()
    edges = [1, 2, 3, 4, 5, 6]
    yield {"name": "ratings", "values": ratings, "edges": edges, "counts": np.histogram(ratings, edges)[0].tolist()}
    wide = rng.normal(0, 10, 300).tolist()
    uneven = [-20.0, -5.0, 0.0, 1.0, 30.0]
    yield {"name": "uneven, values outside", "values": wide, "edges": uneven, "counts": np.histogram(wide, uneven)[0].tolist()}


OUT.write_text(
    json.dumps(
        {
            "madeWith": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
            "quantiles": list(quantile_vectors()),
            "moments": list(moment_vectors()),
            "wilson": list(wilson_vectors()),
            "studentT": list(t_vectors()),
            "normal": list(normal_vectors()),
            "intervals": list(interval_vectors()),
            "clusters": list(cluster_vectors()),
            "histograms": list(histogram_vectors()),
        }
    )
)
