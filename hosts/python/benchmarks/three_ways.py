"""The two other ways to call a plugin from Python: through wasmtime's components, with text or with records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from wasmtime import Config, Engine, Store
from wasmtime.component import Component, Linker, Record

from pointsman import Operator, Route, Spec
from pointsman.contract.wire import millis


class _Component:
    """A component in wasmtime; as in the package, every call has a fresh instance."""

    interface = ""
    function = ""

    def __init__(self, file: Path) -> None:
        config = Config()
        config.epoch_interruption = True
        self._engine = Engine(config)
        self._component = Component(self._engine, file.read_bytes())
        interface = self._component.get_export_index(f"pointsman:strategy/{self.interface}@0.2.0")
        self._index = self._component.get_export_index(self.function, interface)
        assert self._index is not None

    def call(self, *arguments: Any) -> Any:
        store = Store(self._engine)
        store.set_epoch_deadline(1 << 40)
        assert self._index is not None
        function = Linker(self._engine).instantiate(store, self._component).get_func(store, self._index)
        assert function is not None
        return function(store, *arguments)


class JsonString(_Component):
    """JSON text as a component's string."""

    interface, function = "strategy-json", "evaluate-cycles"

    def evaluate(self, routes: Sequence[Route], spec: Spec) -> str:
        """The reason's message."""
        answer = self.call(orjson.dumps([{"routes": routes, "spec": spec}]).decode())
        message: str = orjson.loads(getattr(answer, "payload", answer))[0]["ok"]["reason"]["message"]
        return message


class TypedRecords(_Component):
    """The contract's records."""

    interface, function = "strategy", "evaluate-cycle"

    def evaluate(self, routes: Sequence[Route], spec: Spec) -> str:
        """The reason's message."""
        plan = self.call([_record(route) for route in routes], _record(spec))
        plan = getattr(plan, "payload", plan)
        message: str = plan.reason.message
        return message


def _record(value: Route | Spec) -> Record:
    """Every field of the contract's record, which the package's types send only where it is not the default."""
    record = Record()
    for field in fields(value):
        setattr(record, field.name.replace("_", "-"), _lowered(getattr(value, field.name)))
    return record


def _lowered(value: Any) -> Any:
    if isinstance(value, datetime):
        return millis("moment", value)
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, Operator):
        operator = Record()
        for name, field in vars(value).items():
            setattr(operator, name.replace("_", "-"), field)
        return operator
    return list(value) if isinstance(value, tuple) else value
