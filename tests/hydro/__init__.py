"""The pure domain kernel."""
