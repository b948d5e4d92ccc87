"""Wrong answers to the problem set batch-norm, and the points that they earn."""

WRONG = {
    "merge": [
        (
            "the mean of the variances, without that between the parts",
            (1, 0),
            """
def merged(mean1, variance1, n1, mean2, variance2, n2):
    share = n1 / (n1 + n2)
    mean = share * mean1 + (1 - share) * mean2
    return mean, share * variance1 + (1 - share) * variance2
""",
        ),
        (
            "both parts count alike",
            (1, 0),
            """
def merged(mean1, variance1, n1, mean2, variance2, n2):
    between = (mean1 - mean2) ** 2 / 4
    return (mean1 + mean2) / 2, (variance1 + variance2) / 2 + between
""",
        ),
        (
            "the weights of the parts are those of equal parts between them",
            (1, 1),
            """
def merged(mean1, variance1, n1, mean2, variance2, n2):
    share = n1 / (n1 + n2)
    mean = share * mean1 + (1 - share) * mean2
    between = (mean1 - mean2) ** 2 / 4
    return mean, share * variance1 + (1 - share) * variance2 + between
""",
        ),
    ],
    "fold": [
        (
            "forgets ε",
            (1, 2),
            """
def folded(weight, bias, mean, variance, gamma, beta, epsilon=1e-5):
    scale = gamma / np.sqrt(variance)
    return weight * scale[:, None], (bias - mean) * scale + beta
""",
        ),
        (
            "one scale for all outputs",
            (1, 0),
            """
def folded(weight, bias, mean, variance, gamma, beta, epsilon=1e-5):
    scale = gamma / np.sqrt(variance + epsilon)
    return weight * scale.mean(), (bias - mean) * scale + beta
""",
        ),
        (
            "does not scale the bias",
            (0, 0),
            """
def folded(weight, bias, mean, variance, gamma, beta, epsilon=1e-5):
    scale = gamma / np.sqrt(variance + epsilon)
    return weight * scale[:, None], bias - mean * scale + beta
""",
        ),
    ],
    "gradient": [
        (
            "the statistics as constants",
            (0, 0),
            """
def input_gradient(g, x, epsilon=1e-5):
    return g / np.sqrt(x.var() + epsilon)
""",
        ),
        (
            "through the mean, but not through the variance",
            (1, 0),
            """
def input_gradient(g, x, epsilon=1e-5):
    return (g - g.mean()) / np.sqrt(x.var() + epsilon)
""",
        ),
        (
            "without ε in the second factor",
            (1, 2),
            """
def input_gradient(g, x, epsilon=1e-5):
    y = (x - x.mean()) / x.std()
    return (g - g.mean() - y * (g * y).mean()) / np.sqrt(x.var() + epsilon)
""",
        ),
    ],
    "running": [
        (
            "one step's share instead of the sum of all",
            (1, 1),
            """
batch_mean_variance = sigma**2 / B
running_mean_variance = m**2 * sigma**2 / B
""",
        ),
        (
            "the weights instead of their squares",
            (1, 1),
            """
batch_mean_variance = sigma**2 / B
running_mean_variance = m * sigma**2 / B
""",
        ),
        (
            "the deviation for the variance",
            (0, 0),
            """
batch_mean_variance = sigma / sp.sqrt(B)
running_mean_variance = sp.sqrt(m / (2 - m)) * sigma / sp.sqrt(B)
""",
        ),
    ],
}
