"""The demo's basin: a small river of Guizhou, its register, its story and what its gateways send. Pure and seeded.

::

    story ──▶ river ──▶ devices ──▶ messages ──▶ stream
                 places ──▶ register (CSV)
"""
