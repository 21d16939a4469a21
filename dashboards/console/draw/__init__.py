"""Drawings of the console: pure functions from what is known to SVG text. Same input, same bytes.

====================================================  ============================================================
:func:`dashboards.console.draw.schematic.draw`        rivers and their stations, in two layouts
:func:`dashboards.console.draw.hydrograph.draw`       a series against its targets
:func:`dashboards.console.draw.key.draw`              what the marks of the schematic mean
:func:`dashboards.console.draw.sparkline.draw`        a series the size of a word
:func:`dashboards.console.draw.age.draw`              age of data as a bar
:func:`dashboards.console.draw.style.stylesheet`      colours, fonts and motion of all of them, light and dark
====================================================  ============================================================

Every drawing is one ``<svg>`` element for inlining into a page. It carries classes, no ``style`` attributes, ids or
scripts, so that a strict content security policy holds and several may stand on one page; the page includes the
stylesheet once.
"""
