"""Tests of scenarios: files read, mistakes named, what the shipped ones are about."""
