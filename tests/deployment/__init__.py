"""What an operator deploys: the broker's settings and access list, the compose file, the wheel and its pins."""
