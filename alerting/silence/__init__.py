"""Class ``data_loss``: stations and gateways of which nothing valid comes any more."""
