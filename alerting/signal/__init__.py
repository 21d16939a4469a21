"""Class ``signal``: rules of the authority's own over one quantity, as files of the config directory say them."""
