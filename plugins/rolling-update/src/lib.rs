//! The rolling update strategy as a component.

pointsman::export_strategy!(pointsman::rolling_update::RollingUpdate);
