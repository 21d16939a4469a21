"""What is kept: the journal of raw messages, time-series stores and the ledger of alerts."""
