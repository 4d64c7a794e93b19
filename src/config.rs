//! Strict parsing of JSON into types: an error names the field, and only an object is an object.

mod path;

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A `T` that was written as a JSON object. Derived implementations take an array of the fields in order as well, which
/// in hand-written JSON is a mistake.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// Parses a JSON object.
///
/// # Errors
/// One sentence that names the field by its path and says what would be right.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    match serde_json::from_str(text) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(explain(text, &error)),
    }
}

/// Maps each object of a JSON array by `f`, one after the other: no two of them are in memory at once.
///
/// # Errors
/// The first that is wrong.
pub(crate) fn elements<T: DeserializeOwned, A>(array: &str, f: impl Fn(&T) -> A) -> serde_json::Result<Vec<A>> {
    struct ElementsVisitor<T, F>(F, PhantomData<T>);

    impl<'de, T: Deserialize<'de>, A, F: Fn(&T) -> A> Visitor<'de> for ElementsVisitor<T, F> {
        type Value = Vec<A>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a JSON array")
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Vec<A>, S::Error> {
            let mut made = vec![];
            while let Some(Object(element)) = seq.next_element()? {
                made.push((self.0)(&element));
            }
            Ok(made)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(array);
    let made = deserializer.deserialize_seq(ElementsVisitor(f, PhantomData))?;
    deserializer.end()?;
    Ok(made)
}

/// The error, with the path of the value it is about in front. The position is left out, unless it is a syntax error:
/// the text may have been written anew on its way here.
#[cold]
fn explain(text: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let (line, column) = (error.line(), error.column());
    let position = format!(" at line {line} column {column}");
    let message = if error.is_data() { message.strip_suffix(&position).unwrap_or(&message) } else { &message };
    let path = path::at(text, line, column);
    if path.is_empty() { message.to_owned() } else { format!("`{path}`: {message}") }
}

/// A value that was written as a JSON string: one word of an enum. Derived implementations take `{"word": null}` as
/// well, and call anything else broken JSON.
struct Word<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for WordVisitor<T> {
            type Value = Word<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a word")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
                T::deserialize(word.into_deserializer()).map(Word)
            }
        }

        deserializer.deserialize_str(WordVisitor(PhantomData))
    }
}

/// For `#[serde(deserialize_with)]` on a field of an enum type.
pub(crate) fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Word::deserialize(deserializer).map(|Word(value)| value)
}

/// As [`word`], for an optional field.
pub(crate) fn optional_word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Word<T>>::deserialize(deserializer)?.map(|Word(value)| value))
}

/// For `#[serde(deserialize_with)]` on a field that is an object.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// As [`object`], for an optional field.
pub(crate) fn optional_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

/// For `#[serde(deserialize_with)]` on a field that is a list of objects.
pub(crate) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
}
