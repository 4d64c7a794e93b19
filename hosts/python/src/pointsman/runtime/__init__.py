"""The runtime: an engine with its limits and clock, loading components, and calls into fresh instances of them.

It knows wasmtime, and is the only room that does. It knows nothing of strategies, guards or who counts failures.

| file | what it is for |
|---|---|
| `runtime.py` | what a host and its plugins share; a loaded component; what a trap means |
| `engine.py`, `limits.py` | wasmtime's settings; what a plugin may use |
| `ticker.py` | the clock that stops endless loops |
| `file.py`, `contract.py` | a file that was read; what a component is to be |
| `loader.py` | the loader: from a file to a core module that may be compiled |
| `compiler.py`, `cache.py` | compiling it; a folder of what was compiled |
| `child.py`, `compile_child.py` | a process in which it is compiled, under limits; the program that runs there |
| `instance.py`, `call.py` | one instance; strings in and out of it |
| `instances.py` | how many there may be |
| `lanes.py`, `threads.py` | threads that no signal interrupts; threads for asyncio |
"""
