"""The embedded broker: a child process that never outlives us. Start at `ingest.broker.embedded`.

Nothing is imported here: the child (`ingest.broker.child`) loads this package too, and should stay small.
"""
