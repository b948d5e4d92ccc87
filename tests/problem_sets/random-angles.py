"""Wrong answers to the problem set random-angles, and the points that they earn."""

WRONG = {
    "moments": [
        (
            "the moments of a normal variable of variance 1/n",
            (1, 0),
            """
def cosine_moment(dimensions, k):
    return sp.sympify(sp.factorial2(2 * k - 1)) / dimensions**k
""",
        ),
        (
            "in floating point, and only for numbers",
            (0, 0),
            """
def cosine_moment(dimensions, k):
    return math.prod((2 * j + 1) / (float(dimensions) + 2 * j) for j in range(k))
""",
        ),
        (
            "steps of one in the denominator",
            (1, 0),
            """
def cosine_moment(dimensions, k):
    return sp.prod([sp.sympify(2 * j + 1) / (dimensions + j) for j in range(k)])
""",
        ),
    ],
    "cap": [
        (
            "both caps, around the direction and around its opposite",
            (0, 0),
            """
def cap_share(dimensions, degrees):
    from scipy.special import betainc

    return betainc((dimensions - 1) / 2, 0.5, math.sin(math.radians(degrees)) ** 2)
""",
        ),
        (
            "right up to 90°, mirrored beyond",
            (1, 2),
            """
def cap_share(dimensions, degrees):
    from scipy.special import betainc

    sine_squared = math.sin(math.radians(degrees)) ** 2
    return 0.5 * betainc((dimensions - 1) / 2, 0.5, sine_squared)
""",
        ),
        (
            "a difference of nearly equal numbers, without digits where it is tiny",
            (1, 2),
            """
def cap_share(dimensions, degrees):
    from scipy.special import betainc

    cosine_squared = math.cos(math.radians(degrees)) ** 2
    half = 0.5 * betainc(0.5, (dimensions - 1) / 2, cosine_squared)
    return 0.5 - half if degrees <= 90 else 0.5 + half
""",
        ),
    ],
    "draw": [
        (
            "points of a cube, scaled to length one, prefer its corners",
            (1, 1),
            """
def random_directions(count, dimensions, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.uniform(-1, 1, size=(count, dimensions))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
""",
        ),
        (
            "columns of length one instead of rows",
            (1, 0),
            """
def random_directions(count, dimensions, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, dimensions))
    return vectors / np.linalg.norm(vectors, axis=0)
""",
        ),
        (
            "only the half of all directions with positive coordinates is drawn",
            (1, 1),
            """
def random_directions(count, dimensions, seed):
    rng = np.random.default_rng(seed)
    vectors = abs(rng.normal(size=(count, dimensions)))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
""",
        ),
    ],
    "subspace": [
        (
            "as if the coordinates were independent",
            (1, 1),
            """
projection_mean = k / n
projection_variance = k * (3 / (n * (n + 2)) - 1 / n**2)
""",
        ),
        (
            "as if the coordinates were normal",
            (1, 1),
            """
projection_mean = k / n
projection_variance = 2 * k / n**2
""",
        ),
        (
            "the length instead of its square",
            (1, 0),
            """
projection_mean = sp.sqrt(k / n)
projection_variance = 2 * k * (n - k) / (n**2 * (n + 2))
""",
        ),
    ],
}
