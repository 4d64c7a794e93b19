//! Labels: what a host or a strategy says of a route, a rollout or a plan beyond the contract's fields.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

/// Most labels on one thing.
const MOST: usize = 16;
/// Longest key, in bytes.
const LONGEST_KEY: usize = 63;
/// Longest value, in bytes.
const LONGEST_VALUE: usize = 256;

/// Keys with values, in the order of the keys. In JSON an object.
///
/// Keeps what a host sends until [`validate`](Self::validate) has seen it: a key that stands there twice, and more
/// than may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Labels(Vec<(String, String)>);

// === impl Labels ===

impl Labels {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(each, _)| each == key).map(|(_, value)| value.as_str())
    }

    /// Keys and values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks what the contract asks of labels: at most 16; keys unique, of 1 to 63 bytes; values of at most 256 bytes;
    /// no NUL.
    ///
    /// # Errors
    /// Checks keys, values and their number; the error names the label.
    pub fn validate(&self) -> Result<(), String> {
        if self.0.len() > MOST {
            return Err(format!("{} labels are given; at most {MOST} may be", self.0.len()));
        }
        if let Some(twins) = self.0.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("label `{}` is given more than once", twins[0].0));
        }
        for (key, value) in &self.0 {
            if key.is_empty() || key.len() > LONGEST_KEY || key.contains('\0') {
                return Err(format!("label `{key}`: a key has 1 to {LONGEST_KEY} bytes and no NUL"));
            }
            if value.len() > LONGEST_VALUE || value.contains('\0') {
                return Err(format!("label `{key}`: a value has at most {LONGEST_VALUE} bytes and no NUL"));
            }
        }
        Ok(())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(labels: I) -> Self {
        labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect::<Vec<_>>().into()
    }
}

impl From<Vec<(String, String)>> for Labels {
    fn from(mut labels: Vec<(String, String)>) -> Self {
        // More than may be are in no order that matters, and would take long. A library's sort adds 4 kB to a
        // component.
        if labels.len() <= MOST {
            for end in 1..labels.len() {
                let place = labels[..end].partition_point(|(key, _)| *key <= labels[end].0);
                labels[place..=end].rotate_right(1);
            }
        }
        Self(labels)
    }
}

impl From<Labels> for Vec<(String, String)> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a JSON object of strings")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut labels = vec![];
                while let Some(label) = map.next_entry()? {
                    labels.push(label);
                }
                Ok(Labels::from(labels))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}
