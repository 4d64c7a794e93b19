//! Examples at the end of each command's help. They run in a checkout in which `make components` ran; a test runs them.

pub(super) const EVALUATE: &str = "Example:
  pointsman evaluate --plugin target/plugins/blue_green.wasm --pretty examples/request.json";

pub(super) const EXPLAIN: &str = "Example:
  pointsman explain --plugin target/plugins/blue_green.wasm examples/rollout.json";

pub(super) const INSPECT: &str = "Example:
  pointsman inspect target/plugins/blue_green.wasm";

pub(super) const CHECK_CONFIG: &str = r#"Example:
  pointsman check-config --plugin target/plugins/rolling_update.wasm \
      --target-replicas 4 '{"max_surge": 1}'"#;

pub(super) const DIFF: &str = r"Example:
  pointsman diff --plugin target/plugins/blue_green.wasm \
      --plugin target/plugins/rolling_update.wasm examples/rollout.json";

pub(super) const CONFORMANCE: &str = "Examples:
  pointsman conformance --list
  pointsman conformance --cases 16 target/examples/batched.wasm";

pub(super) const WATCH: &str = "Example:
  pointsman watch target/examples --requests examples/request.json --cycles 3 --interval 10";

pub(super) const SIMULATE: &str = r"Examples:
  pointsman simulate --plugin target/plugins/blue_green.wasm \
      --scenario examples/scenarios/happy-path.toml
  pointsman simulate --plugin target/plugins/blue_green.wasm \
      --scenario examples/scenarios/worst-night.toml --monte-carlo 100";

pub(super) const COMPLETIONS: &str = "Example:
  pointsman completions bash > ~/.local/share/bash-completion/completions/pointsman";

pub(super) const MAN: &str = "Example:
  pointsman man target/man && man target/man/pointsman-simulate.1";
