"""Where a model's files are on this machine, and how they come here: from the hub, or out of a package. No torch."""
