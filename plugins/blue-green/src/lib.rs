//! The blue-green strategy as a component.

pointsman::export_strategy!(pointsman::blue_green::BlueGreen);
