"""Tests of SL/T 427-2021 and SZY206."""
