//! Reading requests and configurations: a file, or standard input.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::CliError;

/// Returns whether a path stands for standard input.
pub(crate) fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}

/// The most that is read, in bytes: more than any fleet needs, and less than takes a machine down.
const LONGEST: u64 = 1 << 30;

/// The text of a file, or of standard input.
pub(crate) fn read(file: &PathBuf) -> Result<String, CliError> {
    let mut bytes = vec![];
    let read = if is_standard(file) {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
    };
    let length = read.map_err(|source| CliError::Read { file: file.clone(), source })?;
    if length as u64 > LONGEST {
        return Err(CliError::TooLong { file: file.clone(), limit: LONGEST });
    }
    String::from_utf8(bytes).map_err(|_| CliError::NotText { file: file.clone() })
}

/// The requests in a text: the elements of an array, or the one value that it is.
pub(crate) fn requests<'a>(file: &Path, text: &'a str) -> Result<Vec<&'a RawValue>, CliError> {
    let not_json = |source| CliError::NotJson { file: file.to_owned(), source };
    match text.trim_start().bytes().next() {
        None => Err(CliError::Empty { file: file.to_owned(), expected: "one JSON request, or an array of them" }),
        Some(b'[') => serde_json::from_str(text).map_err(not_json),
        Some(_) => serde_json::from_str(text).map(|request| vec![request]).map_err(not_json),
    }
}

/// The text of a configuration that a command line gives: a file, `-`, or the JSON itself.
pub(crate) fn config_argument(argument: &PathBuf) -> Result<String, CliError> {
    // No file that anybody would name begins with a brace; what else is JSON may be a file's name.
    let is_inline = |text: &&str| {
        text.trim_start().starts_with('{') || !argument.exists() && serde_json::from_str::<IgnoredAny>(text).is_ok()
    };
    argument.to_str().filter(is_inline).map_or_else(|| config(argument), |text| Ok(text.to_owned()))
}

/// The text of a configuration in a file. Whether it is one the plugin says; that it is JSON is said here.
pub(crate) fn config(file: &PathBuf) -> Result<String, CliError> {
    let text = read(file)?;
    if text.trim().is_empty() {
        return Err(CliError::Empty { file: file.clone(), expected: "a JSON object" });
    }
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(source) => Err(CliError::NotJson { file: file.clone(), source }),
    }
}
