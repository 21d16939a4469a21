"""Reports of CONTRACT section 7: rows from counts, and the same rows as CSV, workbook and printable page. Pure.

``period`` and ``division`` say what a report is of; ``attainment``, ``quality`` and ``alerts`` make its rows;
``compose`` puts rows, sums and notes together as a ``document``; ``csv_file``, ``workbook`` and ``page`` write one.
"""
