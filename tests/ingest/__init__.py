"""Collectors, codecs, quality, the reader that feeds the store."""
