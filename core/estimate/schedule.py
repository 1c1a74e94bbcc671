"""A run before it is run: which texts pass through the model when, how long, how many at once. No torch."""

from bisect import bisect_left
from typing import NamedTuple

from core.architectures.lookup import architecture_for
from core.estimate.cost import CHUNK, Costs, Work, Workload, fits_probe, sizes
from core.freeze import FreezePlan
from core.recipe import Recipe
from core.rows import Profile

WIDTHS = 48  # so many different widths at most are reckoned with

Shares = dict[int, float]  # width in tokens -> share of the texts


class WorkBreakdown(NamedTuple):
    """The work of a run: what the cache holds, one epoch, and all that comes before and after."""

    once: Work
    epoch: Work
    besides: Work


class Stage(NamedTuple):
    """A part of a run in which the same learns."""

    costs: Costs
    epochs: float
    earns_cache: bool  # whether a prefix cache is earned back in it


class _Loads(NamedTuple):
    """The texts that pass through the model, by occasion."""

    learn: Workload  # one epoch
    look: Workload  # a few batches of training and of validation
    ending: Workload  # an epoch's end: a few batches of training, all of validation
    whole: Workload  # all of training and validation
    final: Workload  # of training what is asked at the end; validation has been asked then


class Schedule:
    """What a recipe does with the texts of a profile, whatever it lets learn; of no profile only the model is known."""

    def __init__(self, recipe: Recipe, profile: Profile | None):
        self.recipe, self.arch = recipe, architecture_for(recipe)
        self.context = profile.context if profile else self.arch.max_tokens
        self.n_classes = max(2, len(profile.labels)) if profile else 2
        self.rows = {split: sum(labels.values()) for split, labels in profile.splits.items()} if profile else {}
        self.lengths = _lengths(profile) if profile else {}
        self.sizes = sizes(recipe, self.n_classes)
        self._one_token = Costs.of(recipe, self.n_classes).one_token
        self._pads = recipe.readout.reads_pads
        if self.is_known:
            self._loads = {cached: self._by_occasion(cached) for cached in (True, False)}
            self._encode = self._filled(self._alone, self._encoded)
            self._test = self._filled(self._alone, self.rows["test"])

    @property
    def is_known(self) -> bool:
        """Whether there is anything to learn from."""
        return bool(sum(self.rows.values()) and self.lengths)

    @property
    def widest(self) -> int:
        """Tokens of the longest text of a batch."""
        return max(self._stepped(cached=False)) if self.lengths else self.context

    def costs(self, plan: FreezePlan) -> Costs:
        return Costs.of(self.recipe, self.n_classes, plan)

    def epochs(self, plan: FreezePlan) -> int:
        """How often every training text is seen; where that is left open, it may depend on what learns."""
        return self.recipe.with_plan(plan, self.recipe.freeze.thaw_every).epochs(self.rows.get("train"))

    def stages(self, plan: FreezePlan) -> list[Stage]:
        """A plan, and those that a schedule of thawing makes of it."""
        every, left, found = self.recipe.freeze.thaw_every, float(self.epochs(plan)), []
        while every and self.is_known:
            share = every / (self._loads[False].learn.batches / self.recipe.train.accumulate)  # of an epoch
            if left <= share or plan.thawed(1) == plan:
                break
            found.append(self._stage(plan, share))
            plan, left = plan.thawed(1), left - share
        return [*found, self._stage(plan, left)]

    def _stage(self, plan: FreezePlan, epochs: float) -> Stage:
        recipe = self.recipe.with_plan(plan, self.recipe.freeze.thaw_every)
        return Stage(self.costs(plan), epochs, recipe.earns_cache(self.rows.get("train", 0)))

    def cached_values(self, costs: Costs) -> float:
        """How many numbers the prefix cache holds, where the texts are known."""
        if not self.is_known:
            return 0.0
        return self._encoded * (1.0 if costs.keeps_one else _mean(self._alone)) * self.arch.width

    def bill(self, costs: Costs, cached: bool) -> WorkBreakdown:
        """What a freeze plan comes to, with the prefix cache or without."""
        train, loads = self.recipe.train, self._loads[cached]

        def look(load: Workload) -> Work:
            return costs.evaluate(load, cached) + costs.compare()

        steps = loads.learn.batches / train.accumulate
        looks = max(0.0, steps - 1) // train.eval_every
        epoch = costs.learn(loads.learn, cached) + look(loads.look) * looks + look(loads.ending) + costs.save()
        tokens = sum(self.rows.values()) * _mean(self.lengths)
        begins = costs.prepare(tokens, self.recipe.model.weights == "random") + look(loads.look)
        if fits_probe(self.recipe, self.rows):
            begins += costs.probe(loads.whole, self._test, cached)
        ends = costs.evaluate(loads.final, cached) + costs.test(self._test)
        return WorkBreakdown(costs.encode(self._encode) if cached else Work(), epoch, begins + ends)

    @property
    def _encoded(self) -> int:
        """Texts that the cache holds."""
        return self.rows["train"] + self.rows["validation"]

    @property
    def _alone(self) -> Shares:
        """How wide texts are where nothing is learned from them: each its own length, or the context."""
        if self._one_token:
            return {1: 1.0}
        return {self.context: 1.0} if self._pads else _coarse(self.lengths)

    def _stepped(self, cached: bool) -> Shares:
        """How wide texts are in the batches of a step. What is cached has no pads but those of its batch."""
        padding = self.recipe.train.padding
        if self._one_token or self._pads or padding in ("bucketed", "none"):
            return self._alone
        if padding == "fixed" and not cached:
            return {self.context: 1.0}
        return _coarse(_longest_of(self.lengths, self.recipe.batch))

    def _by_occasion(self, cached: bool) -> _Loads:
        train, batch, rows = self.recipe.train, self.recipe.batch, self.rows
        stepped = self._stepped(cached)
        seen = stepped if train.padding == "fixed" and not cached else self._alone

        def batches(n: int) -> Workload:
            return self._load(stepped, n, -(-n // batch))

        few = {split: min(rows[split], batch * train.eval_batches) for split in ("train", "validation")}
        leaves_out = train.drop_last and train.padding != "none"
        learn = batches(rows["train"] - (rows["train"] % (batch * train.accumulate) if leaves_out else 0))
        look = batches(few["train"]) + batches(few["validation"])
        ending = batches(few["train"]) + self._filled(seen, rows["validation"])
        asked = self.recipe.asked_at_the_end(rows["train"], cached)
        return _Loads(learn, look, ending, self._filled(seen, self._encoded), self._filled(seen, asked))

    def _filled(self, widths: Shares, n: int) -> Workload:
        """Texts in batches as large as the machine likes."""
        return self._load(widths, n, max(1.0, n * _mean(widths) / CHUNK))

    def _load(self, widths: Shares, n: int, batches: float) -> Workload:
        return Workload.of(self.arch, {width: share * n for width, share in widths.items()}, batches)


def _lengths(profile: Profile) -> Shares:
    """Shares of the texts by their length, as they are cut."""
    counts: Shares = {}
    for lengths in profile.lengths.values():
        for tokens, rows in lengths.items():
            width = min(max(1, tokens), profile.context)
            counts[width] = counts.get(width, 0) + rows
    total = sum(counts.values())
    return {width: rows / total for width, rows in counts.items()}


def _mean(widths: Shares) -> float:
    return sum(width * share for width, share in widths.items())


def _longest_of(widths: Shares, batch: int) -> Shares:
    """Texts by the width of the longest of `batch` drawn at random."""
    below, found = 0.0, {}
    for width in sorted(widths):
        upto = below + widths[width]
        found[width] = upto**batch - below**batch
        below = upto
    return found


def _coarse(widths: Shares) -> Shares:
    """The shares of at most WIDTHS widths, each rounded up from those that it stands for."""
    known = sorted(widths)
    n = min(WIDTHS, len(known))
    edges = sorted(known[-1 - i * len(known) // n] for i in range(n))
    found = dict.fromkeys(edges, 0.0)
    for width, share in widths.items():
        found[edges[bisect_left(edges, width)]] += share
    return found
