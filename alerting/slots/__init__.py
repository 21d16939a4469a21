"""From readings to slots: samples of judged series, kept as long as they may change, and the slots they make. Pure."""
