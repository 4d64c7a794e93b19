"""Errors of a registry, and of watching a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pointsman.contract.words import brief, duration, listed, shown
from pointsman.errors.base import PluginId, PointsmanError
from pointsman.errors.call import PluginError
from pointsman.errors.evaluation import EvaluationError

LONGEST_KEY = 256
"""Most bytes of the key of a deployment."""


class SwapProblem(StrEnum):
    """Reason why a version was not switched to."""

    LOAD = "load"
    """The file is no plugin; the cause is a `LoadError`."""
    DESCRIBE = "describe"
    """The plugin does not say what it is; the cause is a `PluginError`."""
    DESCRIPTION = "description"
    """The description that it gives of itself cannot be."""
    NAME = "name"
    """The plugin says that it is another strategy."""
    RIVAL = "rival"
    """Another file of the folder is a newer version of the strategy, or has the same version."""
    CONFIG = "config"
    """The plugin does not take a configuration that is in use; the cause is a `PluginError`."""
    VECTOR_FAILED = "vector-failed"
    """The plugin does not answer at all where the answer is known; the cause is a `PluginError`."""
    VECTOR = "vector"
    """The plugin answers otherwise than is known."""


class SwapError(PointsmanError):
    """Failure of a swap. The one before goes on."""

    def __init__(self, problem: SwapProblem, message: str) -> None:
        super().__init__(shown(message))
        self.problem = problem
        """The kind of problem."""
        self.strategy: str | None = None
        """The name of the strategy; None where the file does not tell."""


class UnknownStrategy(PointsmanError, LookupError):
    """No plugin of this name was loaded."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no strategy `{shown(name, 64)}`; there is {listed(known) or 'none'}")
        self.name = name
        """The name given."""
        self.known = tuple(known)
        """The names there are."""


class NoShadow(PointsmanError, LookupError):
    """No version of the strategy is tried, or waits to be promoted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no version of `{shown(name, 64)}` is tried in the shadow of the current one")
        self.name = name
        """The strategy."""


class InvalidDeployment(PointsmanError, ValueError):
    """The key of a deployment is none."""

    def __init__(self, length: int) -> None:
        super().__init__(f"the key of a deployment has {length} bytes; it should have from 1 to {LONGEST_KEY}")
        self.length = length
        """Bytes of the key that was given."""


def check_deployment(deployment: str) -> None:
    """Checks the key of a deployment. Raises `InvalidDeployment`, and `TypeError` for what is no text."""
    if type(deployment) is not str:
        raise TypeError(f"`deployment` is {brief(deployment)}; it must be a string")
    # Of most keys the number of characters tells that they are short enough.
    if not deployment or 4 * len(deployment) > LONGEST_KEY:
        length = len(deployment.encode(errors="surrogatepass"))
        if not 0 < length <= LONGEST_KEY:
            raise InvalidDeployment(length)


class CircuitOpen(EvaluationError):
    """The plugin was not called: it fails for this deployment, or for all and there is no version to revert to."""

    def __init__(self, plugin: PluginId, deployment: str | None, failures: int, remaining: timedelta) -> None:
        whose = "circuit" if deployment is None else f"circuit of deployment `{shown(deployment)}`"
        is_open = remaining > timedelta(0)
        state = f"open for {duration(remaining, ' ')}" if is_open else "half-open, and a probe is under way"
        times = f"for {failures} deployments in a row" if deployment is None else f"{failures} times in a row"
        message = f"{whose} {state}: plugin {plugin} failed {times}"
        PluginError.__init__(self, plugin, message)
        self.message = message
        self.deployment = deployment
        """The deployment that it fails for; None where it fails for all."""
        self.failures = failures
        """Its failures in a row; where it fails for all, the deployments that it failed for."""
        self.remaining = remaining
        """Time for which calls are answered with this; zero while a probe is under way."""


class PluginFailed(EvaluationError):
    """The call of a batch failed with this request alone. The cause is the call's error."""

    def __init__(self, error: PluginError) -> None:
        PluginError.__init__(self, error.plugin, str(error))
        self.message = str(error)
        self.__cause__ = error


class Unavailable(EvaluationError):
    """The request was not reached: the time of its batch was over, or the host could not call the plugin."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        PluginError.__init__(self, plugin, message)
        self.message = message


class WatchError(PointsmanError):
    """A folder is not watched; the cause is an `OSError`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"folder `{shown(str(folder))}` cannot be read")
        self.folder = folder
        """The folder."""
