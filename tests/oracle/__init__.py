"""A slow, independent judge of ecological-flow shortfalls, and small streams to feed it.

Made from docs/contract.md, docs/alert-classes.md and docs/register-tables.md alone: it shares no code with the product,
so that the two agree only where both are right. Plain loops over the whole record, exact integers and fractions, no
incremental state.

Inside this package an instant is *local milliseconds*: epoch milliseconds plus the offset of ``time.zone``. Local
midnight is then a multiple of 86,400,000, and ``(start, end]`` that ends at midnight belongs to the day before.
"""
