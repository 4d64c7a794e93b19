//! An amount of routes: a count, or a part of the target, as in Kubernetes' `maxSurge` and `maxUnavailable`.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Thousandths of a percent in the whole.
const WHOLE: u64 = 100_000;

/// A number of routes, or a percentage of the target: `2`, `"25%"` or `"12.5%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// So many routes.
    Count(u32),
    /// So many thousandths of a percent of the target: 12.5% is 12500.
    Millipercent(u32),
}

impl Amount {
    /// A whole percentage of the target; at most 4294967.
    pub const fn percent(percent: u32) -> Self {
        Self::Millipercent(percent.saturating_mul(1000))
    }

    /// Whether it was written as zero: `0` or `"0%"`.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Millipercent(0))
    }

    /// Routes out of `target`, rounded up; [`u32::MAX`] where it is more.
    pub fn rounded_up(self, target: u32) -> u32 {
        self.of(target, |thousandths| thousandths.div_ceil(WHOLE))
    }

    /// Routes out of `target`, rounded down; [`u32::MAX`] where it is more.
    pub fn rounded_down(self, target: u32) -> u32 {
        self.of(target, |thousandths| thousandths / WHOLE)
    }

    /// In integers: as a float, 7% of 100 is a little more than 7, and rounds up to 8. The product of two 32-bit
    /// numbers fits.
    fn of(self, target: u32, whole: impl Fn(u64) -> u64) -> u32 {
        match self {
            Self::Count(routes) => routes,
            Self::Millipercent(part) => whole(u64::from(part) * u64::from(target)).try_into().unwrap_or(u32::MAX),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(routes) => write!(f, "{routes}"),
            Self::Millipercent(part) => match (part / 1000, part % 1000) {
                (percent, 0) => write!(f, "{percent}%"),
                (percent, thousandths) => {
                    let digits = format!("{thousandths:03}");
                    write!(f, "{percent}.{}%", digits.trim_end_matches('0'))
                }
            },
        }
    }
}

/// Represents a text that is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no amount: it should be a number of routes, or a percentage with at most three decimals such as `25%` or \
     `12.5%`"
)]
pub struct ParseAmountError(String);

impl FromStr for Amount {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, ParseAmountError> {
        let amount = match text.strip_suffix('%') {
            Some(percentage) => millipercent(percentage).map(Self::Millipercent),
            None => digits(text).and_then(|routes| u32::try_from(routes).ok()).map(Self::Count),
        };
        amount.ok_or_else(|| ParseAmountError(text.to_owned()))
    }
}

/// `12.5` as 12500.
fn millipercent(percentage: &str) -> Option<u32> {
    let (whole, decimals) = match percentage.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (percentage, None),
    };
    let thousandths = match decimals {
        None => 0,
        Some(decimals) if decimals.is_empty() || decimals.len() > 3 => return None,
        Some(decimals) => digits(decimals)? * 10_u64.pow(3 - u32::try_from(decimals.len()).ok()?),
    };
    digits(whole)?.checked_mul(1000)?.checked_add(thousandths)?.try_into().ok()
}

/// A number of digits alone: `parse` takes a plus sign.
fn digits(text: &str) -> Option<u64> {
    Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(routes) => serializer.serialize_u32(*routes),
            Self::Millipercent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of routes from 0 to 4294967295, or a percentage such as \"25%\" or \"12.5%\"")
    }

    fn visit_u64<E: de::Error>(self, routes: u64) -> Result<Amount, E> {
        let out_of_range = || E::invalid_value(de::Unexpected::Unsigned(routes), &self);
        routes.try_into().map(Amount::Count).map_err(|_| out_of_range())
    }

    /// The numbers of TOML are signed, and so are those of JSON below zero.
    fn visit_i64<E: de::Error>(self, routes: i64) -> Result<Amount, E> {
        let out_of_range = || E::invalid_value(de::Unexpected::Signed(routes), &self);
        routes.try_into().map(Amount::Count).map_err(|_| out_of_range())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        // A count is a number in JSON.
        let percentage = Some(text).filter(|text| text.ends_with('%')).and_then(|text| text.parse().ok());
        percentage.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of routes, or a percentage of the target: `2`, `\"25%\"` or `\"12.5%\"`.",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,3})?%$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::{Deserialize, de::value::I64Deserializer};

    use super::Amount::{self, Count, Millipercent};

    type Signed = I64Deserializer<serde::de::value::Error>;

    #[rstest]
    #[case("0", Count(0), "0")]
    #[case("4294967295", Count(u32::MAX), "4294967295")]
    #[case("25%", Millipercent(25_000), "25%")]
    #[case("12.5%", Millipercent(12_500), "12.5%")]
    #[case("12.50%", Millipercent(12_500), "12.5%")]
    #[case("0.001%", Millipercent(1), "0.001%")]
    #[case("4294967.295%", Millipercent(u32::MAX), "4294967.295%")]
    fn reads_and_writes(#[case] text: &str, #[case] amount: Amount, #[case] written: &str) {
        assert_eq!(text.parse::<Amount>().unwrap(), amount);
        assert_eq!(amount.to_string(), written);
    }

    #[rstest]
    fn refuses(
        #[values(
            "",
            "%",
            "+1",
            "-1",
            "1.5",
            "4294967296",
            "4294967.296%",
            ".5%",
            "5.%",
            "1.2345%",
            " 1%",
            "1 %",
            "1e2%",
            "1.-5%"
        )]
        text: &str,
    ) {
        let error = text.parse::<Amount>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is no amount")), "{error}");
    }

    #[rstest]
    #[case::none(0, Ok(Count(0)))]
    #[case::most(4_294_967_295, Ok(Count(u32::MAX)))]
    #[case::too_many(4_294_967_296, Err("4294967296"))]
    #[case::negative(-1, Err("-1"))]
    fn reads_signed_numbers(#[case] number: i64, #[case] read: Result<Amount, &str>) {
        let sentence = |number: &str| {
            format!(
                "invalid value: integer `{number}`, expected a number of routes from 0 to 4294967295, or a percentage \
                 such as \"25%\" or \"12.5%\""
            )
        };

        let result = Amount::deserialize(Signed::new(number)).map_err(|error| error.to_string());

        assert_eq!(result, read.map_err(sentence));
    }

    #[rstest]
    #[case::seven_percent(Amount::percent(7), 100, 7, 7)]
    #[case::an_eighth(Millipercent(12_500), 20, 2, 3)]
    #[case::more_than_there_are(Amount::percent(400), u32::MAX, u32::MAX, u32::MAX)]
    #[case::smallest(Millipercent(1), 10_000, 0, 1)]
    #[case::none(Millipercent(0), 10_000, 0, 0)]
    #[case::count(Count(3), 1, 3, 3)]
    fn of_a_target(#[case] amount: Amount, #[case] target: u32, #[case] down: u32, #[case] up: u32) {
        assert_eq!((amount.rounded_down(target), amount.rounded_up(target)), (down, up));
    }
}
