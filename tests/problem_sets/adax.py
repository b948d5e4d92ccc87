"""Wrong answers to the problem set adax, and the points that they earn."""

WRONG = {
    "decays": [
        (
            "Adam's correction, with the decay of the last step",
            (1, 0),
            """
def corrected_moments(squares, decays):
    stored, moments = 0.0, []
    for t, (square, decay) in enumerate(zip(squares, decays), 1):
        stored = decay * stored + (1 - decay) * square
        moments.append(stored / (1 - decay**t))
    return np.array(moments)
""",
        ),
        (
            "divides zero by zero before the first gradient has entered",
            (1, 2),
            """
def corrected_moments(squares, decays):
    stored, moments = 0.0, []
    for square, decay in zip(squares, decays):
        stored = decay * stored + (1 - decay) * square
        moments.append(stored)
    with np.errstate(all="ignore"):
        return np.array(moments) / (1 - np.cumprod(decays))
""",
        ),
        (
            "starts at the first square instead of being corrected",
            (0, 0),
            """
def corrected_moments(squares, decays):
    average, moments = squares[0], []
    for square, decay in zip(squares, decays):
        average = decay * average + (1 - decay) * square
        moments.append(average)
    return np.array(moments)
""",
        ),
    ],
    "longest": [
        (
            "zeros before a single gradient, which is longest without momentum only",
            (0, 0),
            """
def longest_step(weights, beta1):
    return 1 / math.sqrt(weights[-1])
""",
        ),
        (
            "adds the longest steps of the single gradients",
            (1, 0),
            """
def longest_step(weights, beta1):
    longest = 0.0
    for weight in weights:
        old = beta1 / math.sqrt(1 - weight) * longest if longest else 0.0
        longest = old + (1 - beta1) / math.sqrt(weight)
    return longest
""",
        ),
        (
            "forms the weights, of which the first become zero",
            (1, 2),
            """
def longest_step(weights, beta1):
    later = np.append(np.cumprod(1 - weights[:0:-1])[::-1], 1)
    shares = weights * later
    momentum = (1 - beta1) * beta1 ** np.arange(len(weights))[::-1]
    with np.errstate(all="ignore"):
        return math.sqrt((momentum**2 / shares).sum())
""",
        ),
    ],
    "factored": [
        (
            "the average of each step's matrix of rank one",
            (1, 1),
            """
def factored_moment(squares, weights):
    average = 0.0
    for square, weight in zip(squares, weights):
        rows, columns = square.sum(1), square.sum(0)
        one = np.outer(rows, columns) / max(square.sum(), 1e-30)
        average = average + weight * (one - average)
    return average
""",
        ),
        (
            "the best approximation by squares, with other sums",
            (1, 0),
            """
def factored_moment(squares, weights):
    average = 0.0
    for square, weight in zip(squares, weights):
        average = average + weight * (square - average)
    left, size, right = np.linalg.svd(average, full_matrices=False)
    return size[0] * np.outer(left[:, 0], right[0])
""",
        ),
        (
            "divides by zero where all gradients were zero",
            (1, 2),
            """
def factored_moment(squares, weights):
    rows = columns = 0.0
    for square, weight in zip(squares, weights):
        rows = (1 - weight) * rows + weight * square.sum(1)
        columns = (1 - weight) * columns + weight * square.sum(0)
    with np.errstate(all="ignore"):
        return np.outer(rows, columns) / rows.sum()
""",
        ),
    ],
    "worth": [
        (
            "the length of the memory",
            (1, 0),
            """
adam_number = 1 / (1 - B)
adax_number = 1 / beta2
""",
        ),
        (
            "as if AdaX averaged over all gradients, because its decay tends to one",
            (1, 1),
            """
adam_number = (1 + B) / (1 - B)
adax_number = sp.oo
""",
        ),
        (
            "the sum of the squares instead of its inverse",
            (1, 0),
            """
adam_number = (1 - B) / (1 + B)
adax_number = beta2 / (2 + beta2)
""",
        ),
    ],
}
