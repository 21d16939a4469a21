"""Remote terminal units as they stand on a river: two wire formats with encoders of their own, and how they behave."""
