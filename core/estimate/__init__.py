"""What a run will cost, by arithmetic on a model's shape: work, seconds, memory. No torch.

Work is counted in the units that a machine has speeds for; a schedule says which texts pass through which blocks when;
a price is what a person sees. Imports `runs` and what is below it.
"""
