"""Histograms whose bars grow by a constant factor: they add up, and percentiles read from them are right within 1 %.

A bar of number b > 0 holds the values from GROWTH^(b-2) to GROWTH^(b-1) microseconds, bar 0 holds zero, bar -b the
negative values of bar b. Values here are milliseconds with microseconds behind the point; 500 years are bar 1,870.

A histogram is an array of integers, the number of a bar above the lower 20 bits and the count in them; a larger count
stands there in several pieces.
"""

ERROR = 0.01
GROWTH = (1 + ERROR) / (1 - ERROR)
BITS = 20
MASK = 2**BITS - 1


def bar(value: str) -> str:
    """SQL of the number of the bar that holds a value in milliseconds."""
    number = f"greatest(ceil(ln(abs({value}) * 1000) / ln({GROWTH!r}::float8)), 0) + 1"
    return f"CASE WHEN {value} = 0 THEN 0 ELSE sign({value}) * ({number}) END::int"


def one(value: str) -> str:
    """SQL of the histogram of one value, null for null."""
    return f"CASE WHEN {value} IS NOT NULL THEN ARRAY[({bar(value)} << {BITS}) | 1] END"


def bar_of(entry: str) -> str:
    """SQL of the number of the bar that an entry is about."""
    return f"({entry} >> {BITS})"


def count_of(entry: str) -> str:
    """SQL of the count in an entry."""
    return f"({entry} & {MASK})"


def packed(counts: str) -> str:
    """SQL of the histogram of a query of `bar` and `count`."""
    return f"""(
        SELECT array_agg((bar << {BITS}) | least(count - piece * {MASK}::bigint, {MASK})::int ORDER BY bar, piece)
        FROM ({counts}) counts CROSS JOIN generate_series(0, (count - 1) / {MASK}) piece
    )"""  # noqa: S608


def percentile(share: float) -> str:
    """SQL of an aggregate over bars with the counts `upto` and including each and `n` of all: as `percentile_cont`,
    which stands between the two values nearest to the share."""
    position = f"({share!r}::float8 * (n - 1))"
    low, high = (_middle(f"min(bar) FILTER (WHERE upto > {rounded}{position})") for rounded in ("floor", "ceil"))
    return f"({low} + ({high} - {low}) * (max({position}) - floor(max({position}))))"


def _middle(bar: str) -> str:
    """The value that is as far, relatively, from one end of a bar as from the other."""
    factor = 2 / (GROWTH + 1) / 1000
    return f"(sign({bar}) * {factor!r}::float8 * power({GROWTH!r}::float8, abs({bar}) - 1))::float8"
