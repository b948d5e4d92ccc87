"""Wrong answers to the problem set synthesizer, and the points that they earn."""

WRONG = {
    "mixture": [
        (
            "the weights are not squared",
            (1, 0),
            """
mixed_variance = alpha * s_1**2 + (1 - alpha) * s_2**2
flattest_share = sp.Rational(1, 2)
""",
        ),
        (
            "deviations add up like variances",
            (1, 0),
            """
mixed_variance = (alpha * s_1 + (1 - alpha) * s_2) ** 2
flattest_share = s_2 / (s_1 + s_2)
""",
        ),
        (
            "the larger weight for the larger variance",
            (1, 1),
            """
mixed_variance = alpha**2 * s_1**2 + (1 - alpha) ** 2 * s_2**2
flattest_share = s_1**2 / (s_1**2 + s_2**2)
""",
        ),
    ],
    "writing": [
        (
            "every token attends to all of them",
            (1, 1),
            """
dot_work = 4 * n * d**2 + 2 * n**2 * d
dense_work = 3 * n * d**2 + 2 * n**2 * d
random_work = 2 * n * d**2 + n**2 * d
dot_kept, random_kept = 2 * n * d, n * d
""",
        ),
        (
            "dense without its first matrix, random keeps nothing",
            (1, 1),
            """
dot_work = 4 * n * d**2 + n * (n + 1) * d
dense_work = 2 * n * d**2 + n * (n + 1) * d
random_work = 2 * n * d**2 + n * (n + 1) * d / 2
dot_kept, random_kept = 2 * n * d, sp.Integer(0)
""",
        ),
        (
            "the weights are made, but what they weight is not added up",
            (0, 1),
            """
dot_work = 4 * n * d**2 + n * (n + 1) * d / 2
dense_work = 3 * n * d**2 + n * (n + 1) * d / 2
random_work = 2 * n * d**2
dot_kept, random_kept = 2 * n * d, n * d
""",
        ),
    ],
    "order": [
        (
            "one strength for all lengths",
            (1, 2),
            """
def two_columns(order, share):
    angles = 2 * np.pi * np.arange(len(order)) / len(order)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return 1e4 * circle[np.asarray(order)], circle
""",
        ),
        (
            "the token at position i is sent, not fetched",
            (1, 0),
            """
def two_columns(order, share):
    size = len(order)
    strength = math.log(2 * size * share / (1 - share))
    places = np.arange(size)
    left = strength * np.stack([2 * np.argsort(order), -np.ones(size)], axis=1)
    return left, np.stack([places, places**2], axis=1)
""",
        ),
        (
            "the product of the places, which is largest at the end",
            (0, 0),
            """
def two_columns(order, share):
    size = len(order)
    strength = math.log(size * share / (1 - share))
    left = np.stack([strength * np.asarray(order), np.ones(size)], axis=1)
    return left, np.stack([np.arange(size), np.zeros(size)], axis=1)
""",
        ),
    ],
    "thin": [
        (
            "spends a column on numbers that the softmax does not see",
            (1, 1),
            """
def thin_factors(table, k):
    left, sizes, right = np.linalg.svd(table)
    return left[:, :k] * sizes[:k], right[:k].T
""",
        ),
        (
            "the singular values in both factors",
            (0, 0),
            """
def thin_factors(table, k):
    left, sizes, right = np.linalg.svd(table - table.mean(axis=1, keepdims=True))
    return left[:, :k] * sizes[:k], right[:k].T * sizes[:k]
""",
        ),
        (
            "subtracts the means of the columns",
            (0, 0),
            """
def thin_factors(table, k):
    left, sizes, right = np.linalg.svd(table - table.mean(axis=0))
    return left[:, :k] * sizes[:k], right[:k].T
""",
        ),
    ],
}
