//! Rule 2 about ratios: what a plan sets is in range, and possible on the host's proxy. What the routes have already is
//! not the plan's doing.

use TrafficStatus::{Active, Inactive, Standby};
use pointsman::{Route, Spec, TrafficStatus, guard::ViolationCode as Code};
use rstest::rstest;

use crate::given::*;

/// One serving route of each revision at ratios that no proxy takes.
fn routes() -> Vec<Route> {
    [serving(1, 1, "v1", 0.333), serving(2, 1, "v2", 0.1)].concat()
}

fn on(weight_steps: u32) -> Spec {
    Spec { weight_steps, ..within(0, 20, wanting(3)) }
}

/// The least ratio above 0.0, and its likes.
const HAIR: f64 = f64::from_bits(1);

#[rstest]
#[case::in_or_out(1, &[0.0, 1.0, -0.0], &[0.5, 0.999, 0.001, 1e-7, HAIR])]
#[case::haproxy(256, &[0.0, 1.0, 1.0 / 256.0, 85.0 / 256.0, 255.0 / 256.0], &[1.0 / 512.0, 0.333, 0.1, 1e-9, HAIR])]
#[case::thirds(3, &[0.0, 1.0, 1.0 / 3.0, 2.0 / 3.0, 1.0 - 1.0 / 3.0], &[0.333, 0.5, 1e-9])]
#[case::percents(100, &[0.0, 0.07, 7.0 * 0.01, 0.29, 0.57, 0.58, 1.0], &[0.075, 0.001, 1e-10])]
#[case::most_there_are(u32::MAX, &[0.0, 1.0, 1.0 / 4_294_967_295.0, 0.2], &[1e-12, HAIR])]
#[case::exact(0, &[0.0, HAIR, f64::MIN_POSITIVE, 0.1, 0.333, 1.0], &[])]
fn possible_ratios(#[case] steps: u32, #[case] possible: &[f64], #[case] impossible: &[f64]) {
    for (ratios, expected) in [(possible, vec![]), (impossible, vec![Code::RatioNotPossible])] {
        for &ratio in ratios {
            for status in [Active, Standby] {
                let set = on_the_way().setting(r([2]), status, ratio);
                assert_eq!(codes(&routes(), &on(steps), &set), expected, "set to {ratio} of {steps} {status:?}");
            }
            let created = on_the_way().creating(1, "v2", Active, ratio);
            assert_eq!(codes(&routes(), &on(steps), &created), expected, "created at {ratio} of {steps}");
        }
    }
}

#[rstest]
fn ratios_out_of_range(
    #[values(f64::NAN, -0.1, -HAIR, 1.0 + f64::EPSILON, 2.0, f64::INFINITY, f64::NEG_INFINITY)] ratio: f64,
    #[values(0, 1, 256)] steps: u32,
) {
    for status in [Active, Standby, Inactive] {
        let set = on_the_way().setting(r([2]), status, ratio);
        assert_eq!(found(&routes(), &on(steps), &set)[0], (Code::RatioOutOfRange, "r-2".to_owned()), "{status:?}");
    }
    for status in [Active, Inactive] {
        let created = on_the_way().creating(1, "v2", status, ratio);
        assert_eq!(codes(&routes(), &on(steps), &created), [Code::RatioOutOfRange], "{status:?}");
    }
}

#[rstest]
#[case(1.0)]
#[case(HAIR)]
fn an_inactive_route_has_no_ratio(#[case] ratio: f64) {
    let set = on_the_way().setting(r([2]), Inactive, ratio);
    assert_eq!(codes(&routes(), &on(0), &set), [Code::RatioOutOfRange]);
    let created = on_the_way().creating(1, "v2", Inactive, ratio);
    assert_eq!(codes(&routes(), &on(0), &created), [Code::RatioOutOfRange]);
}

#[test]
fn ratios_that_the_routes_have_are_not_judged() {
    // r-1 stays at 0.333, which the proxy cannot express: somebody else put it there.
    assert_eq!(codes(&routes(), &on(1), &on_the_way().promoting(r([2]))), []);
    assert_eq!(codes(&routes(), &on(1), &on_the_way().draining(r([2]))), []);
}

/// A proxy that takes whole steps only would round it to nothing: ten routes at next to nothing are an outage there.
#[test]
fn next_to_nothing_is_not_nothing() {
    let spec = Spec { weight_steps: 1, ..wanting(10) };
    let dimmed = on_the_way().raising(r(1..=10), 1e-7);

    assert_eq!(codes(&serving(1, 10, "v1", 1.0), &spec, &dimmed), [Code::RatioNotPossible]);
}
