"""A slow, independent judge of every alert of ecological flow and of taking, and small streams to feed it.

Made from docs/contract.md, docs/alert-classes.md and docs/register-tables.md alone: it shares no code with the product,
so that the two agree only where both are right. Plain loops over the whole record, exact integers and fractions, no
incremental state. One file a rule, headed by the words it restates; where these leave room,
docs/decisions/0051-oracle.md and 0092-taking.md say how they are read.

=============================================  =====================================================================
oracle, decode, register, clock                what was recorded, under which register; what ``backtest`` must write
observed, period, exemption, bands             slots, periods, targets, what does not count, how bad it is
shortfall, warning (look, outlook, sinking)    the classes of a target
stillness, fault, skew, loss, attainment       the classes of a station and of a gateway; the rates
take, taking, estimating, metering             intakes, their permits and volumes; all classes of taking together
unmetered, over_rate, restriction              the classes of an intake
tamper, under_reading                          the class of a metering point
over_plan, daily, strangers                    the classes of a permit, and of who is not registered
stream, tables, feed, ``*_theme``, themes      seeded cases; real_records: those of ``data``
comparing, parts, shrinking, shrink            the product beside it: what is compared, what differs, made small
=============================================  =====================================================================

Inside this package an instant is *local milliseconds*: epoch milliseconds plus the offset of ``time.zone``. Local
midnight is then a multiple of 86,400,000, and ``(start, end]`` that ends at midnight belongs to the day before.
"""
