"""How the learning rate moves over a run."""

import math


def share_of_rate(step: int, n_steps: int, warmup: float, cooldown: float, shape: str = "cosine") -> float:
    """What part of the full learning rate step number `step` (from 0) of `n_steps` takes, above 0 and up to 1.

    It rises in a straight line over the first share `warmup` of the steps and falls over the last share `cooldown`, in
    the `shape` of half a cosine or linear; between them it stays (Hägele et al. 2024, "Scaling Laws and Compute-Optimal
    Training Beyond Fixed Training Durations"). With a cooldown of 1 it is that of Loshchilov and Hutter 2017, "SGDR".
    """
    rising = (step + 1) / (warmup * n_steps) if warmup else 1.0
    begins = max((1 - cooldown) * n_steps, warmup * n_steps)
    falling = (step + 1 - begins) / (n_steps + 1 - begins)
    if not cooldown or falling <= 0:
        return min(1.0, rising)
    return min(1.0, rising) * (1 - falling if shape == "linear" else 0.5 + 0.5 * math.cos(math.pi * falling))
