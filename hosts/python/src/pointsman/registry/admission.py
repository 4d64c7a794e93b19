"""Admission of a file as a version of a strategy: everything that can be wrong with it by itself."""

from __future__ import annotations

from pointsman.errors import LoadError, PluginError, SwapError, SwapProblem
from pointsman.host import Host
from pointsman.registry.description import objection
from pointsman.registry.options import Options
from pointsman.registry.version import Version
from pointsman.runtime.file import ComponentFile


def admitted(host: Host, options: Options, expected: str | None, file: ComponentFile) -> Version:
    """Loads a file, which must be the strategy of a name, or may be any.

    # Errors
    `SwapError`.
    """
    try:
        plugin = host.load_file(file)
    except LoadError as error:
        raise load_failed(error) from error
    try:
        description = plugin.for_background().describe()
    except PluginError as error:
        message = f"the new version does not describe itself: {error}"
        raise SwapError(SwapProblem.DESCRIBE, message) from error
    problem = objection(description)
    if problem is not None:
        raise SwapError(SwapProblem.DESCRIPTION, f"plugin {file.id} describes itself wrongly: {problem}")
    if expected is not None and expected != description.name:
        message = f"plugin {file.id} is the strategy `{description.name}`, not `{expected}`"
        raise SwapError(SwapProblem.NAME, message)
    guard = options.guards.get(description.name, options.guard)
    content = None if options.state is None else file.content
    return Version(plugin.with_guard(guard), description, content)


def load_failed(error: LoadError) -> SwapError:
    """Makes the error of a swap whose file is no plugin."""
    failed = SwapError(SwapProblem.LOAD, f"the new version cannot be loaded: {error}")
    failed.__cause__ = error
    return failed
