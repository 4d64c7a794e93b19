//! What a plugin says of itself.

use serde_json::Value;

use crate::{
    bench::Bench,
    tried::{Failure, Tried},
};

/// The longest name or version, in bytes.
const LONGEST: usize = 64;

/// `describes-itself`: as a host checks it before it switches to a plugin, and twice.
pub(super) fn describes_itself(bench: &Bench<'_>, _: &str) -> Tried {
    // The first and the second of one instance, and that of another.
    let ask = || -> Result<[_; 3], Failure> {
        let mut session = bench.subject.session()?;
        let mut describe = || session.describe().map_err(|error| Failure::of_call(&error));
        let (first, second) = (describe()?, describe()?);
        drop(session);
        let mut session = bench.subject.session()?;
        let third = session.describe().map_err(|error| Failure::of_call(&error))?;
        Ok([first, second, third])
    };
    let descriptions = match ask() {
        Ok(descriptions) => descriptions,
        Err(failure) => return Tried::failed(1, failure),
    };
    let first = &descriptions[0];
    Tried::of_each([(); 1], |()| is_right(&first.name, &first.version, &first.config_schema)).and_then(|| {
        Tried::of_each(&descriptions[1..], |other| {
            let message = "it describes itself in another way when it is called again";
            if first == other { Ok(()) } else { Err(Failure::new(message).on(&format!("{first:?}\n{other:?}"))) }
        })
    })
}

fn is_right(name: &str, version: &str, config_schema: &str) -> Result<(), Failure> {
    if !is_kebab(name) || name.len() > LONGEST {
        return Err(Failure::new(format!("its name is not kebab-case of at most {LONGEST} letters")).on(name));
    }
    if version.is_empty() || version.len() > LONGEST || !version.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::new(format!("its version is not 1 to {LONGEST} visible ASCII characters")).on(version));
    }
    match serde_json::from_str(config_schema) {
        Ok(Value::Object(_) | Value::Bool(_)) => Ok(()),
        Ok(_) => {
            Err(Failure::new("its config schema is no JSON Schema, which is an object or a boolean").on(config_schema))
        }
        Err(error) => Err(Failure::new(format!("its config schema is not JSON: {error}")).on(config_schema)),
    }
}

/// Words of lower-case letters and digits with `-` between them, a letter first.
pub(super) fn is_kebab(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(is_word)
}
