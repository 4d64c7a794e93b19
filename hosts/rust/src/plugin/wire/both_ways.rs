//! Types that a plugin is given and returns alike: the enums, and `commitment`.

use pointsman as p;
use wasmtime::component::{ComponentType, Lift, Lower};

/// Two enums with the same cases.
macro_rules! mirror_enum {
    ($name:ident { $($wit:literal $case:ident),* $(,)? }) => {
        #[derive(Clone, Copy, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub(in crate::plugin) enum $name {
            $(#[component(name = $wit)] $case,)*
        }

        impl From<p::$name> for $name {
            fn from(value: p::$name) -> Self {
                match value { $(p::$name::$case => Self::$case),* }
            }
        }

        impl From<$name> for p::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$case => Self::$case),* }
            }
        }
    };
}

mirror_enum!(RouteStatus {
    "provisioning" Provisioning, "running" Running, "terminating" Terminating, "terminated" Terminated,
    "failed-to-start" FailedToStart,
});
mirror_enum!(HealthStatus {
    "not-checked" NotChecked, "healthy" Healthy, "unhealthy" Unhealthy, "degraded" Degraded,
});
mirror_enum!(TrafficStatus { "active" Active, "standby" Standby, "inactive" Inactive });
mirror_enum!(RouteEnd { "drained" Drained, "evicted" Evicted, "crashed" Crashed });
mirror_enum!(CheckOutcome { "pending" Pending, "passed" Passed, "failed" Failed, "inconclusive" Inconclusive });
mirror_enum!(SubStep {
    "provisioning" Provisioning, "awaiting-promotion" AwaitingPromotion, "finalizing" Finalizing,
    "rolling-back" RollingBack, "completed" Completed, "rolled-back" RolledBack,
});

/// `commitment`, both ways.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(in crate::plugin) struct Commitment {
    #[component(name = "least-serving")]
    least_serving: u32,
    #[component(name = "most-live")]
    most_live: u32,
}

// === impl Commitment ===

impl From<p::Commitment> for Commitment {
    fn from(p::Commitment { least_serving, most_live }: p::Commitment) -> Self {
        Self { least_serving, most_live }
    }
}

impl From<Commitment> for p::Commitment {
    fn from(Commitment { least_serving, most_live }: Commitment) -> Self {
        Self { least_serving, most_live }
    }
}
