//! Files that crash what reads them without measuring them first: parsers that recurse, compilers, runtimes.

use pointsman_host::Part;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A file, and what it has too much of.
#[derive(Debug)]
pub struct Crash {
    /// Its name.
    pub name: String,
    /// The part that it has too much of.
    pub part: Part,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// One or more of each kind, the smallest that crashed something among them.
///
/// # Panics
/// Where the fixture is no WebAssembly text.
pub fn files() -> Vec<Crash> {
    let file = |name: &str, part, bytes| Crash { name: format!("{name}.wasm"), part, bytes };
    let two_memories = wat::parse_str(include_str!("../fixtures/two_memories.wat")).expect("it is valid");
    let mut files =
        vec![file("two-memories", Part::Memories, two_memories), file("multiplying", Part::Instances, multiplying(30))];
    for levels in [1_000, 100_000] {
        let (component, instance) = (nested_types(0x41, levels), nested_types(0x42, levels));
        files.extend([
            file(&format!("component-types-{levels}"), Part::Nesting, component),
            file(&format!("instance-types-{levels}"), Part::Nesting, instance),
            file(&format!("components-{levels}"), Part::Nesting, nested_components(levels)),
        ]);
    }
    for levels in [127, 10_000] {
        files.extend([
            file(&format!("component-references-{levels}"), Part::TypeDepth, references(0x41, 0x04, levels)),
            file(&format!("instance-references-{levels}"), Part::TypeDepth, references(0x42, 0x05, levels)),
        ]);
    }
    for (name, open) in [("blocks", &[0x02, 0x40][..]), ("loops", &[0x03, 0x40]), ("ifs", &[0x41, 0, 0x04, 0x40])] {
        for levels in [10_000, 100_000] {
            files.push(file(&format!("{name}-{levels}"), Part::Blocks, nested_blocks(open, levels)));
        }
    }
    files
}

/// Types with one declaration each: another type.
fn nested_types(kind: u8, levels: usize) -> Vec<u8> {
    component(&section(7, &[&[1][..], &[kind, 1, 1].repeat(levels), &[kind, 0]].concat()))
}

fn nested_components(levels: usize) -> Vec<u8> {
    let mut sizes = vec![COMPONENT.len()];
    for level in 0..levels {
        let inside = sizes[level];
        sizes.push(COMPONENT.len() + 1 + number(inside).len() + inside);
    }
    let before = sizes.iter().rev().skip(1).map(|inside| [COMPONENT, &[4], &number(*inside)].concat());
    [before.collect::<Vec<_>>().concat(), COMPONENT.to_vec()].concat()
}

/// Types side by side: each exports something of the one before.
fn references(kind: u8, sort: u8, levels: usize) -> Vec<u8> {
    let mut types = vec![kind, 0];
    for before in 0..levels {
        // Two declarations: an alias of a type outside, and an export of that type.
        types.extend([&[kind, 2, 0x02, 0x03, 0x02, 1], &number(before)[..], &[0x04, 0, 1, b'a', sort, 0]].concat());
    }
    component(&section(7, &[number(levels + 1), types].concat()))
}

/// Each level instantiates the one inside twice.
fn multiplying(levels: usize) -> Vec<u8> {
    (0..levels).fold(component(&[]), |inside, _| {
        component(&[section(4, &inside), section(5, &[2, 0, 0, 0, 0, 0, 0])].concat())
    })
}

fn nested_blocks(open: &[u8], levels: usize) -> Vec<u8> {
    let body = [&[0], &open.repeat(levels)[..], &vec![0x0b; levels + 1]].concat();
    let code = section(10, &[&[1], &number(body.len())[..], &body].concat());
    component(&section(1, &[CORE_MODULE, &section(1, &[1, 0x60, 0, 0]), &section(3, &[1, 0]), &code].concat()))
}

fn component(sections: &[u8]) -> Vec<u8> {
    [COMPONENT, sections].concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], &number(content.len())[..], content].concat()
}

/// An unsigned number as LEB128.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = vec![];
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}
