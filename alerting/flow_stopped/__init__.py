"""Class ``flow_stopped``: water that stands still, by whatever at its station can tell."""
