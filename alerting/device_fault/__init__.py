"""Class ``device_fault``: what a device says of itself, and what its readings and its clock say of it."""
