"""Wrong answers to the problem set vae-geometry, and the points that they earn."""

WRONG = {
    "prior": [
        (
            "the mean of the axes, not of their squares",
            (1, 1),
            """
def best_prior(centres, axes):
    variance = centres.var(axis=0) + axes.mean(axis=0) ** 2
    return centres.mean(axis=0), np.sqrt(variance)
""",
        ),
        (
            "without the spread of the centres",
            (1, 1),
            """
def best_prior(centres, axes):
    return centres.mean(axis=0), np.sqrt((axes**2).mean(axis=0))
""",
        ),
        (
            "without the axes of the ellipses",
            (0, 1),
            """
def best_prior(centres, axes):
    return centres.mean(axis=0), centres.std(axis=0)
""",
        ),
    ],
    "hole": [
        (
            "the variance one for the whole radius, not for each direction",
            (1, 0),
            """
radius_squared = 1 - sigma**2
density_ratio = sigma**-d * sp.exp(-radius_squared / (2 * sigma**2))
""",
        ),
        (
            "small ellipses are denser, which is forgotten",
            (1, 1),
            """
radius_squared = d * (1 - sigma**2)
density_ratio = sp.exp(-radius_squared / (2 * sigma**2))
""",
        ),
        (
            "the exponent without its half",
            (1, 1),
            """
radius_squared = d * (1 - sigma**2)
density_ratio = sigma**-d * sp.exp(-radius_squared / sigma**2)
""",
        ),
    ],
    "decoder": [
        (
            "densities that become zero far out",
            (1, 2),
            """
def decoded(points, centres, axes, samples):
    distances = (points[:, None] - centres) / axes
    weights = np.exp(-(distances**2).sum(axis=2) / 2) / axes.prod(axis=1)
    with np.errstate(all="ignore"):
        return weights @ samples / weights.sum(axis=1, keepdims=True)
""",
        ),
        (
            "every ellipse has the same density at its centre",
            (1, 1),
            """
def decoded(points, centres, axes, samples):
    logs = -((((points[:, None] - centres) / axes) ** 2).sum(axis=2)) / 2
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights @ samples / weights.sum(axis=1, keepdims=True)
""",
        ),
        (
            "the axes for variances",
            (1, 0),
            """
def decoded(points, centres, axes, samples):
    distances = (points[:, None] - centres) ** 2 / axes
    logs = -distances.sum(axis=2) / 2 - np.log(axes).sum(axis=1) / 2
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights @ samples / weights.sum(axis=1, keepdims=True)
""",
        ),
    ],
    "noise": [
        (
            "the largest eigenvalue that is not coded",
            (1, 0),
            """
def learned_noise(eigenvalues, latents):
    values = np.sort(eigenvalues)[::-1]
    return values[latents], values[latents] / values[:latents]
""",
        ),
        (
            "takes the eigenvalues as they come",
            (1, 2),
            """
def learned_noise(eigenvalues, latents):
    noise = eigenvalues[latents:].mean()
    return noise, np.minimum(noise / eigenvalues[:latents], 1)
""",
        ),
        (
            "the uncoded variance shared out among all numbers of a sample",
            (0, 0),
            """
def learned_noise(eigenvalues, latents):
    values = np.sort(eigenvalues)[::-1]
    noise = values[latents:].sum() / len(values)
    return noise, noise / values[:latents]
""",
        ),
    ],
}
