"""Wrong answers to the problem set multilabel-softmax, and the points they earn."""

WRONG = {
    "pairs": [
        (
            "the formula as it stands overflows",
            (1, 2),
            """
def pair_loss(scores, labels):
    with np.errstate(all="ignore"):
        low, high = np.exp(scores[labels == 0]), np.exp(-scores[labels == 1])
        return np.log1p(low.sum() * high.sum())
""",
        ),
        (
            "the mean over the pairs",
            (0, 0),
            """
def pair_loss(scores, labels):
    pairs = np.subtract.outer(scores[labels == 0], scores[labels == 1]).ravel()
    return np.logaddexp(0, pairs).mean() if len(pairs) else 0.0
""",
        ),
        (
            "the note's loss, with its threshold",
            (0, 0),
            """
def pair_loss(scores, labels):
    low, high = scores[labels == 0], -scores[labels == 1]
    side = lambda values: np.logaddexp.reduce(values, initial=0.0)
    return side(low) + side(high)
""",
        ),
    ],
    "threshold": [
        (
            "the threshold of the largest accuracy",
            (1, 0),
            """
def best_threshold(scores, labels):
    right = lambda t: ((scores >= t) == labels).mean()
    return max(np.append(scores.ravel(), np.inf), key=right)
""",
        ),
        (
            "zero, which the loss promises",
            (1, 0),
            """
def best_threshold(scores, labels):
    return 0.0
""",
        ),
        (
            "the mean of the labels' own F1 instead of F1 over all",
            (1, 0),
            """
def best_threshold(scores, labels):
    def macro_f1(t):
        predicted = scores >= t
        both = 2 * (predicted & (labels == 1)).sum(0)
        return np.mean(both / np.maximum(1, predicted.sum(0) + labels.sum(0)))

    return max(scores.ravel(), key=macro_f1)
""",
        ),
    ],
    "costs": [
        (
            "the score of binary cross-entropy, without the two",
            (1, 1),
            """
probability_from = 1 / (1 + c)
score_from = -sp.log(c)
""",
        ),
        (
            "the costs the other way round",
            (1, 0),
            """
probability_from = c / (1 + c)
score_from = sp.log(c) / 2
""",
        ),
        (
            "divides one half by the cost",
            (1, 0),
            """
probability_from = 1 / (2 * c)
score_from = -sp.log(2 * c - 1) / 2
""",
        ),
    ],
    "temperature": [
        (
            "the formula as it stands overflows",
            (1, 2),
            """
def tempered_loss(scores, labels, tau):
    low = (torch.exp(scores / tau) * (1 - labels)).sum(1)
    high = (torch.exp(-scores / tau) * labels).sum(1)
    return tau * (torch.log1p(low) + torch.log1p(high))
""",
        ),
        (
            "not multiplied by the temperature",
            (1, 1),
            """
def tempered_loss(scores, labels, tau):
    zero = torch.zeros_like(scores[:, :1])
    low = (scores / tau).masked_fill(labels > 0, -torch.inf)
    high = (-scores / tau).masked_fill(labels < 1, -torch.inf)
    sides = [torch.logsumexp(torch.cat([zero, v], 1), 1) for v in (low, high)]
    return sides[0] + sides[1]
""",
        ),
        (
            "the mean of the examples",
            (0, 0),
            """
def tempered_loss(scores, labels, tau):
    low = (torch.exp(scores / tau) * (1 - labels)).sum(1)
    high = (torch.exp(-scores / tau) * labels).sum(1)
    return (tau * (torch.log1p(low) + torch.log1p(high))).mean()
""",
        ),
    ],
}
