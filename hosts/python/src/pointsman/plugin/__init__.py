"""A strategy as the contract has it: requests written, its functions called, answers read field by field.

Nobody has checked what it answers; that is the guard's room.

| file | what it is for |
|---|---|
| `contracts.py` | the functions that a strategy and a guard must have |
| `strategy.py` | a loaded strategy |
| `sent.py`, `batches.py` | requests as they are sent, in batches, and kept for the guard |
| `json_requests.py`, `json_text.py` | requests that others wrote as JSON text; taking such text apart |
| `answers.py`, `plans.py` | answers, read into plans |
"""
