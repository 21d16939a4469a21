"""What a real basin would send: river, intakes, devices and faults, in the wire formats, with encoders of its own."""
