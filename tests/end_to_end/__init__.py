"""The program as its users run it: real broker, real database, its own processes."""
