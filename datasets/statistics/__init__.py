"""What runs of a dataset are worth and where they differ, as numbers: pure functions over plain sequences.

Nothing here knows of runs, scores or pages. Everything is deterministic: what is drawn is drawn from a fixed seed, so
that a page, its reload and an exported table say the same. Each function names the source of its formula; when which
one is used, and why, is told in docs/statistics.md.

scipy and statsmodels compute what they offer. They are imported where they compute, not here: a house that compares
nothing does not carry them.
"""
