"""Pure domain kernel: quantities, fixed-point values, flags, columns, slots and periods, the register."""
