//! A number of routes, or a percentage of the target, as in Kubernetes' `maxSurge` and `maxUnavailable`.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of routes, or a percentage of the target: `2` or `"25%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// So many routes.
    Int(u32),
    /// So many hundredths of the target.
    Percent(u32),
}

impl IntOrPercent {
    /// Whether it was written as zero: `0` or `"0%"`.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Int(0) | Self::Percent(0))
    }

    /// How many of `target` routes, rounded up; [`u32::MAX`] where it is more.
    pub fn of_rounded_up(self, target: u32) -> u32 {
        self.of(target, |hundredths| hundredths.div_ceil(100))
    }

    /// How many of `target` routes, rounded down; [`u32::MAX`] where it is more.
    pub fn of_rounded_down(self, target: u32) -> u32 {
        self.of(target, |hundredths| hundredths / 100)
    }

    /// In integers: as a float, 7% of 100 is a little more than 7, and rounds up to 8.
    fn of(self, target: u32, whole: impl Fn(u64) -> u64) -> u32 {
        match self {
            Self::Int(routes) => routes,
            Self::Percent(percent) => whole(u64::from(percent) * u64::from(target)).try_into().unwrap_or(u32::MAX),
        }
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(routes) => write!(f, "{routes}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for IntOrPercent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(routes) => serializer.serialize_u32(*routes),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = IntOrPercent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of routes from 0 to 4294967295, or a percentage such as \"25%\"")
    }

    fn visit_u64<E: de::Error>(self, routes: u64) -> Result<IntOrPercent, E> {
        let out_of_range = || E::invalid_value(de::Unexpected::Unsigned(routes), &self);
        routes.try_into().map(IntOrPercent::Int).map_err(|_| out_of_range())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrPercent, E> {
        // `parse` takes a plus sign.
        let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let percent = digits.and_then(|digits| digits.parse().ok());
        percent.map(IntOrPercent::Percent).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for IntOrPercent {
    fn schema_name() -> Cow<'static, str> {
        "IntOrPercent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of routes, or a percentage of the target: `2` or `\"25%\"`.",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "type": "string", "pattern": "^[0-9]+%$" },
            ],
        })
    }
}
