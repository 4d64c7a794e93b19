//! Policies that are none.

use host_test::HOSTILE;
use pointsman::json::{Answer, ErrorCode};
use pointsman_host::Guard;
use rstest::rstest;

use crate::{request, rollout::misdeed};

/// The sentence names the path, and says what would be right.
#[rstest]
#[case::null("null", "`policy`: invalid type: null, expected a JSON object")]
#[case::array(r#"["25%", 1, "100%"]"#, "`policy`: invalid type: sequence, expected a JSON object")]
#[case::amount(r#""25%""#, "`policy`: invalid type: string \"25%\", expected a JSON object")]
#[case::unknown_field(
    r#"{"serving_floor": 1}"#,
    "`policy.serving_floor`: unknown field `serving_floor`, expected one of `max_unavailable`, `max_surge`, \
     `complete_at`"
)]
#[case::word(
    r#"{"max_surge": "many"}"#,
    "`policy.max_surge`: invalid value: string \"many\", expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::count_as_text(
    r#"{"max_surge": "3"}"#,
    "`policy.max_surge`: invalid value: string \"3\", expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::too_many(
    r#"{"complete_at": 4294967296}"#,
    "`policy.complete_at`: invalid value: integer `4294967296`, expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::negative(
    r#"{"max_unavailable": -1}"#,
    "`policy.max_unavailable`: invalid value: integer `-1`, expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::fraction(
    r#"{"max_unavailable": 1.5}"#,
    "`policy.max_unavailable`: invalid type: floating point `1.5`, expected a number of routes from 0 to 4294967295, \
     or a percentage such as \"25%\" or \"12.5%\""
)]
#[case::too_fine(
    r#"{"max_surge": "0.0001%"}"#,
    "`policy.max_surge`: invalid value: string \"0.0001%\", expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::twice(r#"{"max_surge": 1, "max_surge": 1}"#, "`policy.max_surge`: duplicate field `max_surge`")]
fn what_is_no_policy(
    #[case] policy: &str,
    #[case] expected: &str,
    #[values(Guard::default(), Guard::IdsOnly)] guard: Guard,
) {
    let request = request(None, &misdeed("none")).to_string();
    let with_policy = format!(r#"{{"policy":{policy},{}"#, &request[1..]);
    let plugin = HOSTILE.with_guard(guard);

    let answers = plugin.evaluate_cycles_json(&format!("[{request},{with_policy},{request}]")).unwrap();

    let answers: Vec<Answer> = serde_json::from_str(&answers).unwrap();
    let [Answer::Ok(_), Answer::Error { code: ErrorCode::InvalidRequest, message, violations }, Answer::Ok(_)] =
        &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((message.as_str(), violations.len()), (expected, 0));
}
