//! Files are measured on a stack that no parser that recurses could do with.

use std::{fs, path::Path, thread};

use rstest::rstest;

use super::{Flaw, Part, check};

/// Enough for a walk that does not recurse, in a debug build; wasmparser's own overflows it at 60 types.
const STACK: usize = 128 << 10;

/// What there is too much of.
fn excess(bytes: Vec<u8>) -> Option<Part> {
    let walk = thread::Builder::new().stack_size(STACK).spawn(move || check(&bytes)).unwrap();
    match walk.join().expect("it neither panics nor overflows") {
        Ok(()) => None,
        Err(Flaw::TooMuch(part)) => Some(part),
        Err(Flaw::Malformed(error)) => panic!("{error}"),
    }
}

fn excess_of(text: &str) -> Option<Part> {
    excess(wat::parse_str(text).unwrap())
}

/// An unsigned number as LEB128.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], &number(content.len())[..], content].concat()
}

fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0", &sections.concat()[..]].concat()
}

/// A component whose one type contains a type, which contains one, and so on, `levels` deep.
fn nested_types(kind: u8, levels: usize) -> Vec<u8> {
    let content = [&[1][..], &[kind, 1, 1].repeat(levels - 1), &[kind, 0]].concat();
    component(&[section(7, &content)])
}

/// A component in `levels` components.
fn nested_components(levels: usize) -> Vec<u8> {
    // From the inside outwards, in one pass: each level is what is before it, and what is inside.
    let mut sizes = vec![8];
    for _ in 0..levels {
        let inside: usize = *sizes.last().unwrap();
        sizes.push(8 + 1 + number(inside).len() + inside);
    }
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for inside in sizes.iter().rev().skip(1) {
        bytes.push(4);
        bytes.extend(number(*inside));
        bytes.extend(b"\0asm\x0d\0\x01\0");
    }
    bytes
}

/// A component with a core module whose one function nests blocks that are opened so.
fn nested_blocks(open: &[u8], levels: usize) -> Vec<u8> {
    let body = [&[0], &open.repeat(levels)[..], &vec![0x0b; levels], &[0x0b]].concat();
    let code = [&[1], &number(body.len())[..], &body].concat();
    let sections = [section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0]), section(10, &code)].concat();
    component(&[section(1, &[b"\0asm\x01\0\0\0", &sections[..]].concat())])
}

/// Types of which each exports an instance or component of the one before, `levels` of them.
fn chain(kind: u8, sort: u8, levels: usize) -> Vec<u8> {
    let mut types = vec![kind, 0];
    for i in 0..levels - 1 {
        // Two declarations: alias of the outer type i; export of that.
        types.extend([kind, 2, 0x02, 0x03, 0x02, 1]);
        types.extend(number(i));
        types.extend([0x04, 0, 1, b'a', sort, 0]);
    }
    component(&[section(7, &[number(levels), types].concat())])
}

#[rstest]
fn nested_types_of(#[values(0x41, 0x42)] kind: u8) {
    assert_eq!(excess(nested_types(kind, 32)), None);
    for levels in [33, 1_000, 100_000, 350_000] {
        assert_eq!(excess(nested_types(kind, levels)), Some(Part::Nesting), "{levels}");
    }
}

#[test]
fn components_in_components() {
    assert_eq!(excess(nested_components(32)), None);
    for levels in [33, 1_000, 100_000] {
        assert_eq!(excess(nested_components(levels)), Some(Part::Nesting), "{levels}");
    }
}

/// Types in the innermost component are as deep as the component and themselves.
#[test]
fn types_in_components() {
    let around = |mut inside: Vec<u8>, levels| {
        for _ in 0..levels {
            inside = component(&[section(4, &inside)]);
        }
        inside
    };

    assert_eq!(excess(around(nested_types(0x41, 16), 16)), None);
    assert_eq!(excess(around(nested_types(0x41, 16), 17)), Some(Part::Nesting));
}

#[rstest]
#[case::blocks(&[0x02, 0x40])]
#[case::loops(&[0x03, 0x40])]
#[case::ifs(&[0x41, 0, 0x04, 0x40])]
#[case::with_exceptions(&[0x1f, 0x40, 0])]
#[case::with_a_type(&[0x02, 0x80, 0x00])]
fn blocks_in_blocks(#[case] open: &[u8]) {
    assert_eq!(excess(nested_blocks(open, 1_000)), None);
    for levels in [1_001, 10_000, 100_000, 1_000_000] {
        assert_eq!(excess(nested_blocks(open, levels)), Some(Part::Blocks), "{levels}");
    }
}

#[test]
fn blocks_beside_each_other_are_not_nested() {
    let blocks = "(block (loop (if (i32.const 0) (then) (else))))".repeat(2_000);

    assert_eq!(excess_of(&format!("(component (core module (func {blocks})))")), None);
}

/// Written side by side, so they are nested in nothing; wasmparser panics at 127.
#[rstest]
#[case::instances(0x42, 0x05)]
#[case::components(0x41, 0x04)]
fn types_that_refer_to_each_other(#[case] kind: u8, #[case] sort: u8) {
    assert_eq!(excess(chain(kind, sort, 100)), None);
    for levels in [101, 127, 1_000, 30_000] {
        assert_eq!(excess(chain(kind, sort, levels)), Some(Part::TypeDepth), "{levels}");
    }
}

#[rstest]
#[case::lists("list", "")]
#[case::options("option", "")]
#[case::records("record (field \"a\"", ")")]
#[case::tuples("tuple u8", "")]
fn values_in_values(#[case] before: &str, #[case] after: &str) {
    let text = |levels| {
        let types = (1..levels).map(|i| format!("(type $t{i} ({before} $t{}{after}))", i - 1));
        format!("(component (type $t0 string) {})", types.collect::<String>())
    };

    assert_eq!(excess_of(&text(100)), None);
    assert_eq!(excess_of(&text(101)), Some(Part::TypeDepth));
}

/// The same depth in ways that need no type to be written.
#[rstest]
#[case::bundles("", "(instance $i{i} (export \"a\" (instance $i{before})))")]
#[case::exports("", "(instance $n{i} (export \"a\" (instance $i{before}))) (export $i{i} \"e{i}\" (instance $n{i}))")]
#[case::components("", "(component $c{i} (alias outer 1 $c{before} (component $c)) (export \"a\" (component $c)))")]
#[case::imports(
    "(type $t0 (instance))",
    "(type $t{i} (instance (alias outer 1 $t{before} (type $t)) (export \"a\" (instance (type $t)))))
     (import \"i{i}\" (instance $i{i} (type $t{i})))"
)]
fn instances_that_refer_to_each_other(#[case] start: &str, #[case] link: &str) {
    let text = |levels: usize| {
        let links = (1..levels)
            .map(|i| link.replace("{i}", &i.to_string()).replace("{before}", &(i - 1).to_string()))
            .collect::<String>();
        format!("(component (component $c0) (instance $i0) {start} {links})")
    };

    assert_eq!(excess_of(&text(60)), None);
    assert_eq!(excess_of(&text(200)), Some(Part::TypeDepth));
}

#[test]
fn two_memories_between_which_a_string_is_copied() {
    assert_eq!(excess_of(include_str!("../../../../host-test/fixtures/two_memories.wat")), Some(Part::Memories));
}

const MEMORY: &str = "(core module $m (memory 1))";
const NO_MEMORY: &str = "(core module $m (func))";

#[rstest]
#[case::one("{module} (core instance (instantiate $m))", None)]
#[case::none("{module}", None)]
#[case::twice("{module} (core instance (instantiate $m)) (core instance (instantiate $m))", Some(Part::Memories))]
#[case::in_a_component("(component $c {module} (core instance (instantiate $m))) (instance (instantiate $c))", None)]
#[case::in_a_component_twice(
    "(component $c {module} (core instance (instantiate $m))) (instance (instantiate $c)) (instance (instantiate $c))",
    Some(Part::Memories)
)]
#[case::in_a_component_and_outside(
    "{module} (core instance (instantiate $m))
     (component $c (alias outer 1 $m (core module $m)) (core instance (instantiate $m))) (instance (instantiate $c))",
    Some(Part::Memories)
)]
#[case::handed_in(
    "{module}
     (component $c (import \"m\" (core module $m)) (core instance (instantiate $m)) (core instance (instantiate $m)))
     (instance (instantiate $c (with \"m\" (core module $m))))",
    Some(Part::Memories)
)]
#[case::taken_out(
    "(component $c {module} (export \"m\" (core module $m))) (instance $i (instantiate $c))
     (alias export $i \"m\" (core module $m))
     (core instance (instantiate $m)) (core instance (instantiate $m))",
    Some(Part::Memories)
)]
#[case::by_its_second_name(
    "{module} (export $n \"m\" (core module $m)) (core instance (instantiate $n)) (core instance (instantiate $m))",
    Some(Part::Memories)
)]
#[case::in_a_component_by_its_second_name(
    "(component $c {module} (core instance (instantiate $m))) (export $d \"c\" (component $c))
     (instance (instantiate $d)) (instance (instantiate $c))",
    Some(Part::Memories)
)]
fn instances_of_a_memory(#[case] parts: &str, #[case] expected: Option<Part>) {
    let text = |module: &str| format!("(component {})", parts.replace("{module}", module));

    assert_eq!(excess_of(&text(MEMORY)), expected);
    // What a module is handed in or taken out of is not looked into.
    if !parts.contains("import") && !parts.contains("alias export") {
        assert_eq!(excess_of(&text(NO_MEMORY)), None);
    }
}

#[test]
fn core_modules_and_their_instances() {
    let modules = |count: usize| format!("(component {})", NO_MEMORY.replace("$m", "").repeat(count));
    assert_eq!(excess_of(&modules(8)), None);
    assert_eq!(excess_of(&modules(9)), Some(Part::CoreModules));
    let nested = format!("(component (component {0} {0} {0}) (component {0} {0} {0} {0} {0} {0}))", "(core module)");
    assert_eq!(excess_of(&nested), Some(Part::CoreModules));

    let instances =
        |count: usize| format!("(component {NO_MEMORY} {})", "(core instance (instantiate $m))".repeat(count));
    assert_eq!(excess_of(&instances(8)), None);
    assert_eq!(excess_of(&instances(9)), Some(Part::CoreInstances));
}

/// Each level instantiates the one inside twice, so some hundred bytes are a billion instances.
#[test]
fn instances_that_multiply() {
    let text = |levels: usize| {
        let twice = "(instance (instantiate $c)) (instance (instantiate $c))";
        (0..levels).fold("(component)".to_owned(), |inside, _| {
            format!("(component {} {twice})", inside.replacen("(component", "(component $c", 1))
        })
    };

    // 2 + 4 + 8 + 16.
    assert_eq!(excess_of(&text(4)), None);
    assert_eq!(excess_of(&text(5)), Some(Part::Instances));
    assert_eq!(excess_of(&text(30)), Some(Part::Instances));
}

#[test]
fn an_instance_of_a_component_that_is_handed_in() {
    let text = "(component (import \"c\" (component $c)) (instance (instantiate $c)))";

    assert_eq!(excess_of(text), Some(Part::OpaqueInstances));
}

#[test]
fn declarations() {
    let types = |count| component(&[section(7, &[number(count), vec![0x73; count]].concat())]);

    assert_eq!(excess(types(100_000)), None);
    assert_eq!(excess(types(100_001)), Some(Part::Declarations));
    // A count is not believed to have anything behind it.
    assert_eq!(excess(component(&[section(7, &number(0xffff_ffff))])), Some(Part::Declarations));
    assert_eq!(
        excess(component(&[section(7, &[&[1, 0x42][..], &number(0xffff_ffff)].concat())])),
        Some(Part::Declarations)
    );
}

/// The limits are wide of what there is.
#[test]
fn first_party_components_pass() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins");
    let mut count = 0;
    for file in fs::read_dir(&plugins).expect("run `make components` first") {
        assert_eq!(excess(fs::read(file.unwrap().path()).unwrap()), None);
        count += 1;
    }
    assert!(count >= 3, "there are {count}");
}

#[test]
fn every_limit_is_told_with_what_would_be_right() {
    assert_eq!(
        Part::Memories.to_string(),
        "has more than 1 memory; link its code into one core module with one memory"
    );
    assert_eq!(Part::Nesting.to_string(), "nests components and types more than 32 deep; define them side by side");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whatever the bytes are, they are walked to an end.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..500)) {
        let _ = check(&[b"\0asm\x0d\0\x01\0", &bytes[..]].concat());
        for section_id in 1..12 {
            let _ = check(&component(&[section(section_id, &bytes)]));
        }
    }
}
