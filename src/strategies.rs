//! The strategies, and what they share.
//!
//! A strategy's own module holds its table and what only it does. What every strategy has to get right the same way
//! stands once, beside them: back-off after failures, room for creations, waiting, traffic of what stays, rolling back.

pub mod blue_green;
pub mod rolling_update;

mod back_off;
mod rolling_back;
mod room;
mod traffic;
mod wait;
