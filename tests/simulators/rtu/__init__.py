"""Tests of the simulated RTUs, alone and against the codecs of `ingest`."""
