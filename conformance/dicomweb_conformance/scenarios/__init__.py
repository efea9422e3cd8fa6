"""The checks, a module for each subject.

`test_search_matching.py` belongs to the scenario `search`: the first word names it.
"""
