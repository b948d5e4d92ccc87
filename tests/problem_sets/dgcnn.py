"""Wrong answers to the problem set dgcnn, and the points that they earn."""

WRONG = {
    "read": [
        (
            "the strides count for the output's number only, not between layers",
            (1, 1),
            """
def positions_read(layers, output):
    positions = {output * math.prod(stride for _, _, stride in layers)}
    for taps, rate, _ in layers:
        positions = {q + rate * tap for q in positions for tap in range(taps)}
    return sorted(positions)
""",
        ),
        (
            "all from the first position to the last",
            (1, 0),
            """
def positions_read(layers, output):
    first = last = output
    for taps, rate, stride in reversed(layers):
        first, last = first * stride, last * stride + rate * (taps - 1)
    return list(range(first, last + 1))
""",
        ),
        (
            "starts at the layer that reads the text",
            (1, 1),
            """
def positions_read(layers, output):
    positions = {output}
    for taps, rate, stride in layers:
        positions = {q * stride + rate * tap for q in positions for tap in range(taps)}
    return sorted(positions)
""",
        ),
    ],
    "slope": [
        (
            "the derivative with respect to p",
            (0, 0),
            """
positive_slope = sp.diff(-alpha * (1 - p) ** gamma * sp.log(p), p)
negative_slope = sp.diff(-(1 - alpha) * p**gamma * sp.log(1 - p), p)
""",
        ),
        (
            "the focusing factor as a constant",
            (1, 0),
            """
positive_slope = alpha * (1 - p) ** gamma * (p - 1)
negative_slope = (1 - alpha) * p**gamma * p
""",
        ),
        (
            "one sign lost, in the negative's product rule",
            (1, 1),
            """
positive_slope = alpha * (1 - p) ** gamma * (gamma * p * sp.log(p) + p - 1)
negative_slope = (1 - alpha) * p**gamma * (gamma * (1 - p) * sp.log(1 - p) + p)
""",
        ),
    ],
    "vote": [
        (
            "the competition's rule",
            (1, 0),
            """
def vote_score(votes):
    return sum(vote**2 for vote in votes) / (1 + sum(votes))
""",
        ),
        (
            "the sum of the squares, where two equal votes are twice one",
            (1, 2),
            """
def vote_score(votes):
    return sum(vote**2 for vote in votes)
""",
        ),
        (
            "the largest vote, which a further one does not raise",
            (1, 0),
            """
def vote_score(votes):
    return max(votes)
""",
        ),
    ],
    "spans": [
        (
            "always the best of those that are left",
            (1, 0),
            """
def best_spans(start, end, longest, cost):
    pairs = [
        (start[i] * end[j] - cost, i, j)
        for i in range(len(start))
        for j in range(i, min(i + longest, len(end)))
    ]
    chosen = []
    for value, i, j in sorted(pairs, reverse=True):
        if value > 0 and all(j < first or last < i for first, last in chosen):
            chosen.append((i, j))
    return chosen
""",
        ),
        (
            "spans of any length",
            (1, 1),
            """
def best_spans(start, end, longest, cost):
    best = [(0.0, [])]
    for last in range(len(end)):
        choices = [best[last]]
        for first in range(last + 1):
            value, before = best[first]
            gain = start[first] * end[last] - cost
            choices.append((value + gain, [*before, (first, last)]))
        best.append(max(choices))
    return best[-1][1]
""",
        ),
        (
            "every span that is worth its cost, with common positions",
            (1, 0),
            """
def best_spans(start, end, longest, cost):
    return [
        (i, j)
        for i in range(len(start))
        for j in range(i, min(i + longest, len(end)))
        if start[i] * end[j] > cost
    ]
""",
        ),
    ],
}
