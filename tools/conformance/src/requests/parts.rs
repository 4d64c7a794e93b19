//! What requests are put together from: moments, ratios, labels, checks, an operator's requests.

use pointsman::{Check, CheckOutcome, Labels, Operator, Timestamp};
use proptest::{
    bool::weighted,
    collection::{btree_map, vec},
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use super::STARTED_AT;

/// Moments around the start, before it and after it, and the ends of time.
pub(super) fn moments() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (0..200u64).prop_map(|seconds| STARTED_AT + 1000 * seconds),
        4 => (0..300_000u64).prop_map(|millis| STARTED_AT - 100_000 + millis),
        1 => select(vec![0, 1, u64::MAX - 1, u64::MAX]),
    ]
    .prop_map(Timestamp::from_millis)
}

/// Ratios as people set them, and of any bits: those of 0.0 to 1.0 are in the order of the numbers. Zero has a sign
/// too.
pub(crate) fn ratios() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => Just(1.0),
        4 => Just(0.0),
        2 => (0..=100u32).prop_map(|hundredths| f64::from(hundredths) / 100.0),
        1 => select(vec![-0.0, f64::MIN_POSITIVE, 5e-324, 1.0 - f64::EPSILON / 2.0]),
        2 => (0..=1.0_f64.to_bits()).prop_map(f64::from_bits),
    ]
}

/// Mostly none; else as many and as long as the contract allows.
pub(super) fn labels() -> impl Strategy<Value = Labels> {
    let usual = btree_map("[a-z]{1,12}", "[ -~]{0,20}", 1..=2);
    let long = |(i, letter): (usize, char)| (format!("{i:02}") + &"k".repeat(61), letter.to_string().repeat(256));
    let most = (b'a'..=b'z').prop_map(move |letter| (0..16).map(|i| long((i, char::from(letter)))).collect());
    prop_oneof![
        40 => Just(Labels::default()),
        4 => usual.prop_map(Labels::from_iter),
        1 => most,
    ]
}

/// Up to three checks, each sampled at any moment or at an unknown one.
pub(super) fn checks() -> impl Strategy<Value = Vec<Check>> {
    use CheckOutcome as C;
    let outcome = select(vec![C::Passed, C::Passed, C::Pending, C::Failed, C::Inconclusive]);
    vec((outcome, option::of(moments())), 0..=3).prop_map(|checks| {
        let names = ["smoke", "latency", "errors"];
        let check = |(name, (outcome, observed_at)): (&str, _)| Check { name: name.to_owned(), outcome, observed_at };
        names.into_iter().zip(checks).map(check).collect()
    })
}

/// Any requests of an operator, several at once; gates are words that some strategy may have or that none has.
pub(super) fn operators() -> impl Strategy<Value = Operator> {
    let flag = || weighted(0.15);
    let gate = prop_oneof![2 => select(vec!["promotion", "preview"]).prop_map(str::to_owned), 1 => "[a-z]{1,8}"];
    (flag(), flag(), flag(), vec(gate, 0..3)).prop_map(|(abort, pause, promote, passed_gates)| Operator {
        abort,
        pause,
        promote,
        passed_gates,
    })
}
