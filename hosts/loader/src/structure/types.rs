//! Component types and instance types, which contain declarations of others.

use wasmparser::{
    BinaryReader, ComponentDefinedType, ComponentImport, ComponentType, ComponentValType, InstanceTypeDeclaration,
};

use super::{
    Flaw,
    scope::{Scope, Scopes},
};

/// First bytes of the types that contain others.
const COMPONENT: u8 = 0x41;
const INSTANCE: u8 = 0x42;

/// First bytes of declarations in them.
const TYPE: u8 = 0x01;
const IMPORT: u8 = 0x03;

/// Reads a section of `count` types. Those that contain others are entered here, level by level, never by wasmparser,
/// which would recurse; it reads what has no types inside.
pub(super) fn read(mut reader: BinaryReader<'_>, count: u32, scopes: &mut Scopes) -> Result<(), Flaw> {
    scopes.count(count)?;
    // How many types or declarations are left, of the section and of each type that is entered.
    let mut left = vec![count];
    while let Some(innermost) = left.last_mut() {
        if *innermost == 0 {
            left.pop();
            // The section itself is no type.
            if !left.is_empty() {
                scopes.close_type()?;
            }
            continue;
        }
        *innermost -= 1;
        if left.len() > 1 && !is_type(&mut reader, scopes)? {
            continue;
        }
        match reader.clone().read_u8()? {
            COMPONENT | INSTANCE => {
                reader.read_u8()?;
                let declarations = reader.read_var_u32()?;
                scopes.count(declarations)?;
                scopes.open(Scope::default())?;
                left.push(declarations);
            }
            _ => {
                let found = reader.read()?;
                let (depth, is_function) = depth(&found, scopes);
                scopes.add_type(depth, is_function)?;
            }
        }
    }
    Ok(())
}

/// Reads what stands before a type in a declaration, or the whole declaration where it declares something else.
fn is_type(reader: &mut BinaryReader<'_>, scopes: &mut Scopes) -> Result<bool, Flaw> {
    match reader.clone().read_u8()? {
        TYPE => {
            reader.read_u8()?;
            return Ok(true);
        }
        IMPORT => {
            reader.read_u8()?;
            let import: ComponentImport<'_> = reader.read()?;
            scopes.declare(import.ty)?;
        }
        // No type, so this does not recurse.
        _ => match reader.read()? {
            InstanceTypeDeclaration::Alias(alias) => scopes.alias(&alias)?,
            InstanceTypeDeclaration::Export { ty, .. } => scopes.declare(ty)?,
            InstanceTypeDeclaration::CoreType(_) | InstanceTypeDeclaration::Type(_) => {}
        },
    }
    Ok(false)
}

/// Over how many levels a type without declarations refers to others, and whether it is that of a function.
fn depth(found: &ComponentType<'_>, scopes: &mut Scopes) -> (u32, bool) {
    let scope = scopes.last();
    let value = |value: ComponentValType| match value {
        ComponentValType::Primitive(_) => 1,
        ComponentValType::Type(index) => scope.type_depth(index),
    };
    let values = |values: &mut dyn Iterator<Item = ComponentValType>| values.map(value).max().unwrap_or(0) + 1;
    let depth = match found {
        ComponentType::Func(function) => {
            let params = function.params.iter().map(|(_, param)| *param);
            return (values(&mut params.chain(function.result)), true);
        }
        ComponentType::Defined(defined) => match defined {
            ComponentDefinedType::Record(fields) => values(&mut fields.iter().map(|(_, field)| *field)),
            ComponentDefinedType::Variant(cases) => values(&mut cases.iter().filter_map(|case| case.ty)),
            ComponentDefinedType::Tuple(members) => values(&mut members.iter().copied()),
            ComponentDefinedType::Map(key, value) => values(&mut [*key, *value].into_iter()),
            ComponentDefinedType::Result { ok, err } => values(&mut [*ok, *err].into_iter().flatten()),
            ComponentDefinedType::List(element)
            | ComponentDefinedType::FixedLengthList(element, _)
            | ComponentDefinedType::Option(element) => values(&mut [*element].into_iter()),
            ComponentDefinedType::Future(payload) | ComponentDefinedType::Stream(payload) => {
                values(&mut payload.iter().copied())
            }
            ComponentDefinedType::Primitive(_)
            | ComponentDefinedType::Flags(_)
            | ComponentDefinedType::Enum(_)
            | ComponentDefinedType::Own(_)
            | ComponentDefinedType::Borrow(_) => 1,
        },
        // The first two are entered, not read as a whole.
        ComponentType::Component(_) | ComponentType::Instance(_) | ComponentType::Resource { .. } => 1,
    };
    (depth, false)
}
