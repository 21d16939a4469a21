"""The SL 651-2014 codec."""
