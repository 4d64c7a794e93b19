"""Guarded evaluation: no plan is returned that the guard has not checked.

| file | what it is for |
|---|---|
| `checker.py` | the guard component |
| `review.py`, `tidy.py` | what is done with every plan before it is returned |
| `plugin.py` | `Plugin`: a loaded strategy whose plans have passed |
"""
