"""Makes test/unit/evaluators/vectors.json, the reference figures that the evaluators' formulas are tested against.

Needs Python 3.11 or later with the packages of requirements-evaluators.txt:

    python3 -m venv /tmp/vectors && /tmp/vectors/bin/pip install -r tools/vectors/requirements-evaluators.txt
    /tmp/vectors/bin/python tools/vectors/evaluators.py
    npx prettier --write test/unit/evaluators/vectors.json

Run again with the same versions it writes the same file.
"""

import json
import pathlib
import random

import numpy as np
import rapidfuzz
import sklearn
from rapidfuzz.distance import Levenshtein
from rouge_score import rouge_scorer
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    ndcg_score,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
)

OUT = pathlib.Path(__file__).parents[2] / "test/unit/evaluators/vectors.json"
rng = random.Random(20261121)

WORDS = "the your order parcel refund was sent on monday and we are sorry it is late no yes card 42 app".split()


def sentence(most):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, most)))


def mutated(text):
    out = list(text)
    for _ in range(rng.randint(0, 6)):
        at = rng.randint(0, len(out))
        kind = rng.randint(0, 2)
        if kind == 0:
            out.insert(at, rng.choice("abc é🙂漢"))
        elif out and at < len(out):
            if kind == 1:
                del out[at]
            else:
                out[at] = rng.choice("xyz 😀ß")
    return "".join(out)


def edits():
    pairs = [("", ""), ("", "abc"), ("kitten", "sitting"), ("flaw", "lawn"), ("🙂", "🙃"), ("👩‍👩‍👧", "👩"), ("漢字", "漢")]
    for _ in range(60):
        a = sentence(12)
        pairs.append((a, mutated(a)))
    for _ in range(20):
        pairs.append((sentence(15), sentence(15)))
    for a, b in pairs:
        yield {"a": a, "b": b, "distance": Levenshtein.distance(a, b), "similarity": Levenshtein.normalized_similarity(a, b)}


def rouges():
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    pairs = [
        ("police killed the gunman", "police kill the gunman"),
        ("the gunman kill police", "police kill the gunman"),
        ("The parcel, it's LATE!", "the parcel it s late"),
        ("", "a b"),
        ("a b", ""),
        ("x y z", "a b c"),
    ]
    for _ in range(80):
        pairs.append((sentence(25), sentence(25)))
    for text, reference in pairs:
        score = scorer.score(reference, text)["rougeL"]
        yield {"text": text, "reference": reference, "precision": score.precision, "recall": score.recall, "f1": score.fmeasure}


def rankings():
    for number in range(80):
        docs = [f"d{i}" for i in range(rng.randint(3, 14))]
        graded = number % 2 == 1
        grades = {d: (rng.randint(1, 3) if graded else 1) for d in docs if rng.random() < 0.4}
        if not grades:
            grades = {rng.choice(docs): 1}
        order = docs[:]
        rng.shuffle(order)
        k = rng.randint(1, len(order))
        y_true = np.array([grades.get(d, 0) for d in order], dtype=float)
        y_score = np.array([len(order) - i for i in range(len(order))], dtype=float)
        relevant = (y_true > 0).astype(int)
        top = (np.arange(len(order)) < k).astype(int)
        first = next(i for i, r in enumerate(relevant) if r)
        yield {
            "retrieved": order,
            "relevant": grades,
            "k": k,
            "precision": precision_score(relevant, top),
            "recall": recall_score(relevant, top),
            "reciprocalRank": 1 / (first + 1),
            "ndcg": ndcg_score([y_true], [y_score], k=k),
            "ndcgExponential": ndcg_score([2**y_true - 1], [y_score], k=k),
        }


def classifications():
    labels = ["billing", "bug", "refund", "shipping"]
    given = labels + ["other"]
    for _ in range(40):
        n = rng.randint(1, 40)
        expected = [rng.choice(labels) for _ in range(n)]
        got = [e if rng.random() < 0.6 else rng.choice(given) for e in expected]
        known = sorted(set(expected))
        precision, recall, f1, support = precision_recall_fscore_support(expected, got, labels=known, zero_division=0)
        columns = known + sorted(set(got) - set(known))
        yield {
            "expected": expected,
            "given": got,
            "accuracy": accuracy_score(expected, got),
            "macroF1": f1_score(expected, got, labels=known, average="macro", zero_division=0),
            "labels": columns,
            "matrix": confusion_matrix(expected, got, labels=columns)[: len(known)].tolist(),
            "classes": [
                {"label": label, "precision": p, "recall": r, "f1": f, "n": int(s)}
                for label, p, r, f, s in zip(known, precision, recall, f1, support)
            ],
        }


OUT.write_text(
    json.dumps(
        {
            "madeWith": {"scikit-learn": sklearn.__version__, "rapidfuzz": rapidfuzz.__version__, "rouge-score": "0.1.2"},
            "edits": list(edits()),
            "rouges": list(rouges()),
            "rankings": list(rankings()),
            "classifications": list(classifications()),
        },
        ensure_ascii=False,
    )
)
