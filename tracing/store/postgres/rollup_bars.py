"""Histograms whose bars grow by a constant factor: they add up, and percentiles read from them are right within 1 %.

A bar of number b > 0 holds the values from GROWTH^(b-2) to GROWTH^(b-1) microseconds, bar 0 holds zero, bar -b the
negative values of bar b. Values here are milliseconds with microseconds behind the point. A histogram is an array of
bigint, the number of the bar above its lower 32 bits and the count in them.
"""

ERROR = 0.01
GROWTH = (1 + ERROR) / (1 - ERROR)
MASK = 2**32 - 1


def bar(value: str) -> str:
    """SQL of the number of the bar that holds a value in milliseconds."""
    number = f"greatest(ceil(ln(abs({value}) * 1000) / ln({GROWTH!r}::float8)), 0) + 1"
    return f"CASE WHEN {value} = 0 THEN 0 ELSE sign({value}) * ({number}) END::bigint"


def one(value: str) -> str:
    """SQL of the histogram of one value, null for null."""
    return f"CASE WHEN {value} IS NOT NULL THEN ARRAY[({bar(value)} << 32) | 1] END"


def counted(numbers: str) -> str:
    """SQL of the histogram of an array of bar numbers."""
    return (
        "(SELECT array_agg((bar << 32) | count ORDER BY bar) FROM"  # noqa: S608
        f" (SELECT bar, count(*) FROM unnest({numbers}) bar GROUP BY bar) bars)"
    )


def percentile(share: float, bar: str = "bar", upto: str = "upto", n: str = "n") -> str:
    """SQL of an aggregate over bars with the count `upto` and including each, and of all: as `percentile_cont`, which
    stands between the two values nearest to the share."""
    position = f"({share!r}::float8 * (max({n}) - 1))"
    low, high = (
        _middle(f"min({bar}) FILTER (WHERE {upto} > {rounded}({share!r}::float8 * ({n} - 1)))")
        for rounded in ("floor", "ceil")
    )
    return f"({low} + ({high} - {low}) * ({position} - floor({position})))"


def _middle(bar: str) -> str:
    """The value that is as far, relatively, from one end of a bar as from the other."""
    factor = 2 / (GROWTH + 1) / 1000
    return f"(sign({bar}) * {factor!r}::float8 * power({GROWTH!r}::float8, abs({bar}) - 1))::float8"
