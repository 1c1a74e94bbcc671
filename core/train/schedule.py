"""How the learning rate moves over a run."""

import math


def share_of_rate(step: int, n_steps: int, warmup: float, cooldown: float) -> float:
    """What part of the full learning rate step number `step` (from 0) of `n_steps` takes, above 0 and up to 1.

    It rises in a straight line over the first share `warmup` of the steps and falls as half a cosine over the last
    share `cooldown`; between them it stays (Hägele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond
    Fixed Training Durations"). A cooldown of 1 is warm-up and cosine (Loshchilov and Hutter 2017, "SGDR").
    """
    rising = (step + 1) / (warmup * n_steps) if warmup else 1.0
    begins = max((1 - cooldown) * n_steps, warmup * n_steps)
    falling = (step + 1 - begins) / (n_steps + 1 - begins)
    return min(1.0, rising) * (0.5 + 0.5 * math.cos(math.pi * max(0.0, falling)) if cooldown else 1.0)
