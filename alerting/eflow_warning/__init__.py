"""Class ``eflow_warning``: a target that is going to be missed, told while something can still be done."""
