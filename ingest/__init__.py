"""From the wire to flagged observations: collectors, codecs, quality tests and the pipeline that joins them."""
