"""Class signal."""
