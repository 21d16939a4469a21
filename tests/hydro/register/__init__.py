"""The register: reading, checking, looking up."""
