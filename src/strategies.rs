//! The strategies, and what they share.
//!
//! A strategy's own module holds its table and what only it does. What every strategy has to get right the same way
//! stands once, beside them:
//!
//! | module | what it decides |
//! |---|---|
//! | `memo` | what is remembered from one cycle to the next |
//! | `blip` | which routes are not ready for a moment only |
//! | `readiness` | since when a route has been ready, whatever clock stamped it |
//! | `checks` | which verdicts count |
//! | `failures`, `back_off` | who failed, and when another is created |
//! | `deadline`, `due` | when a rollout is too late, and what takes two cycles |
//! | `room` | how many routes may be created |
//! | `strength` | what the stable revision lacks while it carries the traffic |
//! | `departures` | routes that leave the traffic before they are drained |
//! | `remember` | what every plan leaves in the memo |
//! | `traffic` | ratios of what stays beside what comes |
//! | `rolling_back` | how a rollout is given up |

pub mod blue_green;
pub mod rolling_update;

// Rules that the tables refer to: public to be read, with nothing in them to be called.
pub mod checks;
pub mod deadline;
pub mod due;
pub mod strength;

mod back_off;
mod blip;
mod departures;
mod failures;
mod memo;
mod readiness;
mod remember;
mod rolling_back;
mod room;
mod traffic;
mod wait;
