"""Takers: laws of habits, permits, pumps and thefts."""
