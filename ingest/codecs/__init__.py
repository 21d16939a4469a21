"""Wire formats: bytes in, readings as columns out; no network, no clock, no register."""
