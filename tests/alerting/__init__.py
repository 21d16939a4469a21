"""Rules, ledger, cases."""
