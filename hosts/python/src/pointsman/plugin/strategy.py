"""A loaded strategy: calls of the contract's functions, whose plans nobody has checked yet."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import Description
from pointsman.errors import BrokenContract, InvalidConfig, InvalidRequests, PluginId
from pointsman.plugin import answers
from pointsman.runtime.call import Call
from pointsman.runtime.instances import Purpose
from pointsman.runtime.runtime import Loaded


@dataclass(frozen=True)
class Strategy:
    """A loaded strategy. Every call has an instance of its own.

    # Errors
    Its methods raise `PluginError` for a failed call.
    """

    loaded: Loaded
    purpose: Purpose = Purpose.CALL
    """Purpose of its instances."""

    @property
    def id(self) -> PluginId:
        """Its name and digest."""
        return self.loaded.id

    @property
    def threads(self) -> Executor:
        """The threads that asyncio's callers wait for."""
        return self.loaded.runtime.threads

    def for_background(self) -> Strategy:
        """The same strategy with the instances that are not for callers."""
        return replace(self, purpose=Purpose.BACKGROUND)

    def ask(self, batches: Sequence[bytes], *, is_array: bool = True) -> list[str]:
        """Evaluates batches of requests in one instance: the text of the answers to each. Each batch has the limits of
        a call to itself.

        # Errors
        `InvalidRequests` where a batch is refused that may be no array, and any other `PluginError` for a failed call.
        """
        function = self._function("strategy-json", "evaluate-cycles")

        def work(call: Call) -> list[str]:
            answers = []
            for batch in batches:
                call.renew()
                answers.append(self._answer(call, function, batch, is_array))
            return answers

        return self.loaded.run(self.purpose, work)

    def _answer(self, call: Call, function: str, batch: bytes, is_array: bool) -> str:
        is_ok, text = call.text(function, batch)
        if not is_ok:
            if not is_array:
                raise InvalidRequests(self.id, text)
            # The contract has no other reason to answer none of them.
            raise BrokenContract(self.id, f"it answers no request of an array: {text}")
        return text

    def describe(self) -> Description:
        """Asks the plugin what it is."""
        function = self._function("strategy", "describe")
        name, version, summary, schema = self.loaded.run(self.purpose, lambda call: call.strings(function, 4))
        return Description(name, version, summary, schema)

    def check_config(self, given: bytes) -> Commitment:
        """Asks the plugin what it would promise; `given` is JSON text, as the contract's `check-config` takes it.

        # Errors
        `InvalidConfig`, the plugin's own word, and any other `PluginError` for a failed call.
        """
        function = self._function("strategy-json", "check-config")
        is_ok, answer = self.loaded.run(self.purpose, lambda call: call.text(function, given))
        if not is_ok:
            raise InvalidConfig(self.id, answer)
        return answers.admission(self.id, answer)

    def _function(self, interface: str, name: str) -> str:
        return f"pointsman:strategy/{interface}@{self.loaded.version}#{name}"
