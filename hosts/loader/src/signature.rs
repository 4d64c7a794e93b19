//! The types of a component's functions as text, to be compared with those of the contract.
//!
//! Names of types are left out: what counts is what they are made of. A type may refer to another many times over, so
//! that its text would have no end; it is compared while it is written, and given up at the first difference.

use std::fmt::{self, Write};

use wasmparser::{
    component_types::{ComponentDefinedType, ComponentFuncType, ComponentValType},
    types::TypesRef,
};

/// Whether a function has a type.
pub(crate) fn is(function: &ComponentFuncType, expected: &str, types: TypesRef<'_>) -> bool {
    let mut rest = Rest(expected);
    write_function(function, types, &mut rest).is_ok() && rest.0.is_empty()
}

/// What is left of a text to be compared.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Writes `func(name: type, …) -> type`.
pub(crate) fn write_function(function: &ComponentFuncType, types: TypesRef<'_>, to: &mut dyn Write) -> fmt::Result {
    to.write_str(if function.async_ { "async func" } else { "func" })?;
    let params = function.params.iter().map(|(name, ty)| (name.as_str(), Some(*ty)));
    write_fields(params, "(", ")", types, to)?;
    match function.result {
        Some(result) => {
            to.write_str(" -> ")?;
            write_value(result, types, to)
        }
        None => Ok(()),
    }
}

fn write_value(value: ComponentValType, types: TypesRef<'_>, to: &mut dyn Write) -> fmt::Result {
    use ComponentDefinedType as D;
    let defined = match value {
        ComponentValType::Primitive(primitive) => return write!(to, "{primitive}"),
        // It was validated, so it is there.
        ComponentValType::Type(id) => types.get(id).ok_or(fmt::Error)?,
    };
    match defined {
        D::Primitive(primitive) => write!(to, "{primitive}"),
        D::Record(record) => {
            let fields = record.fields.iter().map(|(name, ty)| (name.as_str(), Some(*ty)));
            write_fields(fields, "record {", "}", types, to)
        }
        D::Variant(variant) => {
            let cases = variant.cases.iter().map(|(name, case)| (name.as_str(), case.ty));
            write_fields(cases, "variant {", "}", types, to)
        }
        D::Enum(names) => write_fields(names.iter().map(|name| (name.as_str(), None)), "enum {", "}", types, to),
        D::Flags(names) => write_fields(names.iter().map(|name| (name.as_str(), None)), "flags {", "}", types, to),
        D::Tuple(tuple) => {
            let members = tuple.types.iter().map(|ty| ("", Some(*ty)));
            write_fields(members, "tuple<", ">", types, to)
        }
        D::List { element, .. } => write_fields([("", Some(*element))], "list<", ">", types, to),
        D::Option { ty, .. } => write_fields([("", Some(*ty))], "option<", ">", types, to),
        D::Result { ok, err, .. } => write_fields([("ok", *ok), ("error", *err)], "result<", ">", types, to),
        // No contract has one of these.
        D::Map { .. } | D::FixedLengthList { .. } | D::Own(_) | D::Borrow(_) | D::Future { .. } | D::Stream { .. } => {
            to.write_str("another")
        }
    }
}

fn write_fields<'a>(
    fields: impl IntoIterator<Item = (&'a str, Option<ComponentValType>)>,
    open: &str,
    close: &str,
    types: TypesRef<'_>,
    to: &mut dyn Write,
) -> fmt::Result {
    to.write_str(open)?;
    for (i, (name, ty)) in fields.into_iter().enumerate() {
        to.write_str(if i == 0 { "" } else { ", " })?;
        to.write_str(name)?;
        if let Some(ty) = ty {
            to.write_str(if name.is_empty() { "" } else { ": " })?;
            write_value(ty, types, to)?;
        }
    }
    to.write_str(close)
}
