"""Wrong answers to the problem set superlinear-speedup, and the points they earn."""

WRONG = {
    "share": [
        (
            "divides by p where p − 1 belongs",
            (0, 0),
            """
def serial_share(speedup, processes):
    return (processes / speedup - 1) / processes
""",
        ),
        (
            "cut off at zero, and one process is taken as serial",
            (1, 0),
            """
def serial_share(speedup, processes):
    if processes < 2:
        return 1.0
    return max(0, (1 / speedup - 1 / processes) / (1 - 1 / processes))
""",
        ),
        (
            "one minus the efficiency",
            (0, 0),
            """
def serial_share(speedup, processes):
    if processes < 2:
        raise ValueError
    return 1 - speedup / processes
""",
        ),
    ],
    "order": [
        (
            "when each batch arrives, not when it is passed on",
            (0, 1),
            """
def passed_on(arrivals):
    if sorted(arrivals) != list(range(len(arrivals))):
        raise ValueError("not all batches")
    return [arrivals.index(number) for number in range(len(arrivals))]
""",
        ),
        (
            "does not notice what is missing",
            (1, 2),
            """
def passed_on(arrivals):
    times, waiting = [], set()
    for place, number in enumerate(arrivals):
        waiting.add(number)
        while len(times) in waiting:
            times.append(place)
    return times
""",
        ),
        (
            "passes on only one batch at a time",
            (0, 1),
            """
def passed_on(arrivals):
    if sorted(arrivals) != list(range(len(arrivals))):
        raise ValueError("not all batches")
    times = []
    for number in range(len(arrivals)):
        place = arrivals.index(number)
        times.append(max(place, times[-1] + 1) if times else place)
    return times
""",
        ),
    ],
    "finish": [
        (
            "deals the tasks out in turn",
            (0, 0),
            """
def finish(durations, workers, longest_first=False):
    tasks = sorted(durations, reverse=True) if longest_first else list(durations)
    return max(sum(tasks[first::workers]) for first in range(workers))
""",
        ),
        (
            "takes the longest last",
            (1, 1),
            """
def finish(durations, workers, longest_first=False):
    free = [0] * workers
    for duration in sorted(durations) if longest_first else durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)
""",
        ),
        (
            "the mean load, as if tasks could be cut",
            (1, 0),
            """
def finish(durations, workers, longest_first=False):
    return max(sum(durations) / workers, max(durations))
""",
        ),
    ],
    "peak": [
        (
            "forgets the serial share, and takes the limit for the slope",
            (0, 0),
            """
best_number = 1 / sp.sqrt(kappa)
limit_without_kappa = 1 - sigma
""",
        ),
        (
            "the square of the number",
            (0, 1),
            """
best_number = (1 - sigma) / kappa
limit_without_kappa = 1 / sigma
""",
        ),
        (
            "right about the peak, but the limit is that of perfect speed-up",
            (1, 1),
            """
best_number = sp.sqrt((1 - sigma) / kappa)
limit_without_kappa = sp.oo
""",
        ),
    ],
}
