"""From readings to slots."""
