"""What loading a component gives: compiled code that can be called."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from wasmtime import Module

from pointsman.errors import PluginId
from pointsman.instances import Purpose
from pointsman.sandbox import Call, Sandbox, instance


@dataclass(frozen=True)
class Loaded:
    """A compiled component."""

    sandbox: Sandbox
    id: PluginId
    module: Module
    version: str
    """The contract version that it is called by."""
    exports: Sequence[str]
    size: int

    def call(self, purpose: Purpose) -> AbstractContextManager[Call]:
        """A fresh instance, as long as the block lasts. Raises `PluginError`."""
        return instance(self.sandbox, self.id, self.module, purpose)
