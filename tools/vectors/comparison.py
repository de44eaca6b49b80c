"""Makes test/unit/core/statistics/comparison-vectors.json, the reference figures of paired comparisons.

Set up as for statistics.py, then:

    /tmp/vectors/bin/python tools/vectors/comparison.py
    npx prettier --write test/unit/core/statistics/comparison-vectors.json

Where scipy and statsmodels have no such figure it is found by another way than ours: restricted likelihoods are maximised by a
search, ends of intervals by root finding on the test, cluster-robust errors with whole matrices.
"""

import json
import math
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import linalg, optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

OUT = pathlib.Path(__file__).parents[2] / "test/unit/core/statistics/comparison-vectors.json"
rng = np.random.default_rng(20261121)


def normal_cdf():
    for z in (-35, -8, -5.5, -3, -2.500001, -2.499999, -1.96, -0.3, 0, 1e-9, 0.7, 1.645, 2.5, 4, 7.5):
        yield {"z": z, "p": float(stats.norm.cdf(z))}


def t_cdf():
    for df in (1, 1.7, 3, 12.25, 49, 1_000, 199_999, 10**7):
        for t in (-12.5, -2.1, -0.4, 0, 1.3, 4.2):
            yield {"t": t, "df": df, "p": float(stats.t.cdf(t, df))}


def noncentral():
    for df in (1, 2.5, 9, 49, 400, 20_000):
        for shift in (-1.5, 0.4, 2.5, 6):
            t = float(stats.t.ppf(0.95, df))
            yield {"t": t, "df": df, "shift": shift, "p": float(stats.nct.cdf(t, df, shift))}


def shifts():
    for df in (3, 9, 24, 49, 199, 4_999):
        for alpha, power in ((0.05, 0.8), (0.05, 0.2), (0.01, 0.9)):
            t = stats.t.ppf(1 - alpha, df)
            shift = optimize.brentq(lambda s: stats.nct.sf(t, df, s) - power, -5, 60, xtol=1e-13)
            yield {"df": df, "alpha": alpha, "power": power, "shift": float(shift)}


def sample_sizes():
    # Pairs for a one-sided paired t test, as statsmodels finds them.
    for ratio in (0.1, 0.2, 0.35, 0.6):
        for power in (0.8, 0.95):
            n = TTestPower().solve_power(effect_size=ratio, alpha=0.05, power=power, alternative="larger")
            yield {"effect": ratio, "power": power, "n": float(n)}


def mcnemar_tests():
    for worse, better in ((0, 0), (1, 0), (5, 0), (0, 5), (3, 3), (10, 4), (4, 10), (25, 12), (60, 61), (300, 240), (4000, 3800), (2, 1)):
        table = [[50, worse], [better, 50]]
        two = float(mcnemar(table, exact=True).pvalue)
        one = float(stats.binomtest(worse, worse + better, 0.5, alternative="greater").pvalue) if worse + better else 1.0
        yield {"worse": worse, "better": better, "p": one, "pTwoSided": min(1.0, two)}


def tango_score(delta, worse, better, n):
    """The score statistic with the likelihood maximised by a search over the share that becomes worse."""

    def loss(q):
        cells = ((better, q + delta), (worse, q), (n - worse - better, 1 - 2 * q - delta))
        return -sum(k * math.log(max(p, 1e-300)) for k, p in cells if k > 0)

    low, high = max(0.0, -delta), (1 - delta) / 2
    # The likelihood is concave: golden section, then Newton on its derivative for the last digits.
    def slope(q):
        total = 0.0
        for k, p, sign in ((better, q + delta, 1), (worse, q, 1), (n - worse - better, 1 - 2 * q - delta, -2)):
            if k > 0:
                total += sign * k / p
        return total

    edge = 1e-15
    a, b = low + edge, high - edge
    if slope(a) <= 0:
        q = low
    elif slope(b) >= 0:
        q = high
    else:
        q = optimize.brentq(slope, a, b, xtol=1e-16, rtol=1e-15)
    assert loss(q) <= min(loss(low + (high - low) * share) for share in (0.1, 0.5, 0.9)) + 1e-9
    variance = n * (2 * q + delta - delta * delta)
    return (better - worse - n * delta) / math.sqrt(variance)


def tango():
    for worse, better, n in ((0, 0, 20), (0, 0, 150), (1, 0, 30), (0, 4, 30), (3, 3, 50), (9, 2, 60), (2, 9, 60), (30, 12, 200), (5, 45, 300), (400, 380, 20_000), (7, 0, 8)):
        for confidence in (0.9, 0.95):
            z = stats.norm.ppf(0.5 + confidence / 2)
            centre = (better - worse) / n
            top = optimize.brentq(lambda x: tango_score(x, worse, better, n) + z, centre + 1e-12, 1 - 1e-12, xtol=1e-15, rtol=1e-14)
            bottom = optimize.brentq(lambda x: tango_score(x, worse, better, n) - z, -1 + 1e-12, centre - 1e-12, xtol=1e-15, rtol=1e-14)
            yield {"worse": worse, "better": better, "n": n, "confidence": confidence, "low": float(bottom), "high": float(top)}


def cr2(values, clusters):
    """CR2 and Satterthwaite's degrees of freedom of an intercept-only model, from whole matrices (Bell and McCaffrey 2002)."""
    values = np.asarray(values, float)
    clusters = np.asarray(clusters)
    n = len(values)
    x = np.ones((n, 1))
    maker = np.eye(n) - x @ x.T / n
    residual = maker @ values
    variance = 0.0
    columns = []
    for c in np.unique(clusters):
        rows = clusters == c
        block = maker[np.ix_(rows, rows)]
        adjust = linalg.fractional_matrix_power(block, -0.5).real
        weight = np.zeros(n)
        weight[rows] = adjust @ np.ones(rows.sum()) / n
        variance += float(weight @ residual) ** 2
        columns.append(maker @ weight)
    g = np.column_stack(columns)
    same = (clusters[:, None] == clusters[None, :]).astype(float)
    frees = []
    for working in (np.eye(n), same):
        p = g.T @ working @ g
        frees.append(np.trace(p) ** 2 / np.sum(p * p))
    return float(values.mean()), math.sqrt(variance), float(min(frees))


def clustered():
    for sizes in ([1] * 12, [3] * 6, [5] * 20, [1, 2, 4] * 5, [30, 5, 5, 1, 1, 1, 2], [10, 1, 1], [2, 1], [8] * 3 + [1] * 9, [1, 40], list(range(1, 13))):
        clusters = np.repeat(np.arange(len(sizes)), sizes)
        values = rng.normal(0.1, 0.2, len(sizes))[clusters] + rng.normal(0, 0.1, len(clusters))
        mean, error, df = cr2(values, clusters)
        half = float(stats.t.ppf(0.95, df)) * error if df >= 1 else None
        yield {
            "clusters": clusters.tolist(),
            "values": values.tolist(),
            "estimate": mean,
            "standardError": error,
            "df": df,
            "low": None if half is None else mean - half,
            "high": None if half is None else mean + half,
        }


def paired_t():
    for n in (3, 5, 12, 40, 250):
        for gap in (-0.05, 0.0, 0.08):
            base = rng.beta(5, 2, n)
            head = np.clip(base + rng.normal(gap, 0.1, n), 0, 1)
            less = stats.ttest_rel(head, base, alternative="less")
            both = stats.ttest_rel(head, base)
            interval = both.confidence_interval(0.9)
            yield {
                "base": base.tolist(),
                "head": head.tolist(),
                "p": float(less.pvalue),
                "pTwoSided": float(both.pvalue),
                "low": float(interval.low),
                "high": float(interval.high),
            }


def holm():
    for p in ([0.01, 0.04, 0.03, 0.005], [0.5, 0.5], [0.049], [0.02, 0.021, 0.0001, 0.9, 0.04], [1.0, 0.001, 1.0], rng.random(12).tolist()):
        yield {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()}


def fieller():
    for n in (8, 30, 200):
        for growth in (0.9, 1.0, 1.3):
            base = rng.lognormal(0, 0.6, n)
            head = base * growth * rng.lognormal(0, 0.3, n)
            t = stats.t.ppf(0.95, n - 1)

            def statistic(ratio):
                d = head - ratio * base
                return d.mean() / (d.std(ddof=1) / math.sqrt(n))

            point = head.mean() / base.mean()
            low = optimize.brentq(lambda r: statistic(r) - t, 0, point, xtol=1e-15, rtol=1e-14)
            high = optimize.brentq(lambda r: statistic(r) + t, point, point * 20, xtol=1e-15, rtol=1e-14)
            p = float(stats.ttest_rel(head, base, alternative="greater").pvalue)
            yield {"base": base.tolist(), "head": head.tolist(), "ratio": float(point), "low": float(low), "high": float(high), "p": p}


def ties():
    for n in (2, 10, 59, 149, 150, 5_000):
        for confidence in (0.9, 0.98):
            share = float(proportion_confint(0, n, alpha=1 - confidence, method="beta")[1])
            yield {"clusters": n, "confidence": confidence, "share": share}


def mcnemar_power():
    for n, worse, better in ((30, 0.3, 0.05), (60, 0.2, 0.05), (100, 0.15, 0.05), (150, 0.1, 0.02), (20, 0.6, 0.1)):
        power = 0.0
        for k in range(n + 1):
            for m in range(n + 1 - k):
                if stats.binom.sf(k - 1, k + m, 0.5) <= 0.05:
                    power += stats.multinomial.pmf([k, m, n - k - m], n, [worse, better, 1 - worse - better])
        yield {"n": n, "worse": worse, "better": better, "power": float(power)}


def bootstrap():
    """scipy's BCa, many times over: the mean of its ends and how far one of them is off by chance."""

    def ratio(sums, sizes, axis):
        return sums.sum(axis=axis) / sizes.sum(axis=axis)

    worlds = {
        "normal": (rng.normal(0, 1, 40), np.ones(40)),
        "long tail": (rng.lognormal(0, 1, 30) - 1.5, np.ones(30)),
        "few": (rng.normal(0.1, 0.3, 9), np.ones(9)),
        "clusters": (rng.normal(0, 1, 25) * np.arange(1, 26), np.arange(1, 26).astype(float)),
        "ties": (rng.choice([-0.5, 0.0, 0.0, 0.0, 0.25], 60), np.ones(60)),
    }
    for name, (sums, sizes) in worlds.items():
        ends = []
        for seed in range(30):
            found = stats.bootstrap(
                (sums, sizes), ratio, paired=True, vectorized=True, n_resamples=9_999, confidence_level=0.9, method="BCa", rng=np.random.default_rng(seed)
            ).confidence_interval
            ends.append((found.low, found.high))
        ends = np.array(ends)
        yield {
            "name": name,
            "sums": sums.tolist(),
            "sizes": sizes.tolist(),
            "low": float(ends[:, 0].mean()),
            "high": float(ends[:, 1].mean()),
            "lowError": float(ends[:, 0].std(ddof=1)),
            "highError": float(ends[:, 1].std(ddof=1)),
        }


OUT.write_text(
    json.dumps(
        {
            "madeWith": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
            "normalCdf": list(normal_cdf()),
            "tCdf": list(t_cdf()),
            "noncentralT": list(noncentral()),
            "shifts": list(shifts()),
            "sampleSizes": list(sample_sizes()),
            "mcnemar": list(mcnemar_tests()),
            "mcnemarPower": list(mcnemar_power()),
            "tango": list(tango()),
            "clustered": list(clustered()),
            "pairedT": list(paired_t()),
            "holm": list(holm()),
            "fieller": list(fieller()),
            "ties": list(ties()),
            "bootstrap": list(bootstrap()),
        }
    )
)
