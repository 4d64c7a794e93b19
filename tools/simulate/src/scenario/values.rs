//! Values that are checked as they are read, so that an error names their key.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The most routes that a scenario may ask for: more than one can see, and little enough to play in no time.
const MOST_ROUTES: u32 = 1000;

/// A time: always the same, or between two ends. In seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// A number of routes, at most [`MOST_ROUTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct RouteCount(pub(crate) u32);

/// 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Percent(pub(crate) u32);

/// 0.0 to 1.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Probability(pub(crate) f64);

// === impl Span ===

impl Default for Span {
    fn default() -> Self {
        Self { min: 30, max: 30 }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            min: u32,
            max: u32,
        }

        struct SpanVisitor;

        impl<'de> Visitor<'de> for SpanVisitor {
            type Value = Span;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a number of seconds, or { min = …, max = … }")
            }

            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Span, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Unsigned(seconds), &self);
                u32::try_from(seconds).map(|seconds| Span { min: seconds, max: seconds }).map_err(|_| wrong())
            }

            // The numbers of TOML are signed.
            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Span, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Signed(seconds), &self);
                u32::try_from(seconds).map(|seconds| Span { min: seconds, max: seconds }).map_err(|_| wrong())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Span, A::Error> {
                let Ends { min, max } = Ends::deserialize(MapAccessDeserializer::new(map))?;
                if min > max {
                    return Err(serde::de::Error::custom(format!("`min` is {min} and `max` is {max}, which is less")));
                }
                Ok(Span { min, max })
            }
        }

        deserializer.deserialize_any(SpanVisitor)
    }
}

// === newtypes ===

impl TryFrom<u32> for RouteCount {
    type Error = String;

    fn try_from(count: u32) -> Result<Self, String> {
        if count > MOST_ROUTES {
            return Err(format!("{count} routes are more than a simulation takes; at most {MOST_ROUTES}"));
        }
        Ok(Self(count))
    }
}

impl TryFrom<u32> for Percent {
    type Error = String;

    fn try_from(percent: u32) -> Result<Self, String> {
        if !(1..=100).contains(&percent) {
            return Err(format!("{percent} is no percentage of the target; one is from 1 to 100"));
        }
        Ok(Self(percent))
    }
}

impl TryFrom<f64> for Probability {
    type Error = String;

    fn try_from(chance: f64) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&chance) {
            return Err(format!("{chance} is no chance; one is from 0.0 to 1.0"));
        }
        Ok(Self(chance))
    }
}
