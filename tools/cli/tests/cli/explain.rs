//! `pointsman explain`: a decision for people.

use std::fs;

use serde_json::{Value, json};

use super::{example, hostile, plugin, pointsman, request};

#[test]
fn explain_shows_routes_decision_reason_and_when_to_look_again() {
    let input = request(|request| {
        request["spec"]["config"] = json!({"progress_deadline_seconds": 90});
        request["spec"]["target_replicas"] = json!(2);
    });
    let assert = pointsman(&["explain", "--plugin", &plugin()]).write_stdin(input).assert().code(0).stderr("");

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for expected in [
        "r-1    v1        running  healthy  active 1.0  23h 58m 20s ago  stable live ready serving  drain\n",
        "decision    provisioning: creating-green",
        "because     0 of 2 green routes are live: creating 2, draining 1 to make room\n",
        "changes     create 2 of v2 (inactive), then drain 1\n",
        "look again  in 1m 30s (2025-10-09T08:54:50Z), or when something changes\n",
        "promises    at least 2 serve, at most 4 are live\n",
        "capacity    3 before the plan, 2 after it\n",
    ] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
}

/// Output of `explain` for a request, with its exit code and some options.
fn explained(request: &str, code: i32, options: &[&str]) -> String {
    let plugin = plugin();
    let args = [&["explain", "--plugin", &plugin][..], options].concat();
    let assert = pointsman(&args).write_stdin(request.to_owned()).assert().code(code).stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn explain_shows_limits_promises_and_the_gate() {
    let requests: Value = serde_json::from_str(&fs::read_to_string(example()).unwrap()).unwrap();
    let output = explained(&requests[3].to_string(), 0, &["--max-surge", "150%"]);

    for expected in [
        "limits      at least 2 serve, at most 8 are live: the policy of the command line at this target\n",
        "progress    step 1 of 3, 0% of the traffic for the new revision\n",
        "gate        promotion\n",
        // It keeps to two full sets, however much is allowed.
        "promises    at least 3 serve, at most 6 are live\n",
    ] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
}

#[test]
fn explain_goes_by_the_policy_of_a_request() {
    let with = |policy: Value| request(|request| request["policy"] = policy.clone());

    let output = explained(&with(json!({"max_surge": "50%"})), 0, &["--max-surge", "300%"]);
    assert!(output.contains("limits      at least 2 serve, at most 5 are live: the request's policy at this target\n"));
    assert!(output.contains("decision    provisioning: no-budget\n"), "{output}");
    let limits = json!({"least_serving": 1, "most_live": 6});
    let output = explained(&request(|request| request["spec"]["limits"] = limits.clone()), 0, &[]);
    assert!(output.contains("limits      at least 1 serve, at most 6 are live: those of the request\n"), "{output}");
    let output = explained(&request(|_| ()), 0, &["--guard-ids-only"]);
    assert!(output.contains("limits      none\n"), "{output}");
    let output = explained(&with(json!({"max_surge": -1})), 1, &[]);
    assert!(
        output.contains("refused     invalid request: `policy.max_surge`: invalid value: integer `-1`"),
        "{output}"
    );
    // What the guard forbids is the request's, too.
    let guest = hostile();
    let drained = |policy: Value| {
        let request = request(|request| {
            request["spec"]["config"] = json!({"misdeed": "drain_all"});
            request["policy"] = policy.clone();
        });
        pointsman(&["explain", "--plugin", &guest]).write_stdin(request).assert()
    };
    drained(json!({})).code(1);
    drained(json!({"max_unavailable": "100%"})).code(0);
}

#[test]
fn explain_keeps_to_120_columns() {
    let long = request(|request| {
        request["spec"]["config"] = json!({"max_replacements": 4_294_967_295_u32,
            "progress_deadline_seconds": 4_294_967_295_u32, "keep_blue_seconds": 4_294_967_295_u32,
            "promote_delay_seconds": 4_294_967_295_u32});
        for (i, word) in ["zone-a", "zone-b", "zone-c"].iter().enumerate() {
            let id = format!("llama-3-70b-instruct-{word}-{}", "f".repeat(40));
            request["routes"][i]["id"] = json!(id);
            request["routes"][i]["revision"] = json!(format!("2025-10-09-{}", "0".repeat(40)));
            request["routes"][i]["status"] = json!("provisioning");
            request["routes"][i]["health"] = json!("not_checked");
        }
        request["spec"]["deploying_revision"] = json!(format!("2025-10-09-{}", "0".repeat(40)));
    });
    let output = explained(&long, 0, &[]);

    let widest = output.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 120 && widest > 100, "{widest} columns:\n{output}");
    let blockers = output.split("blocked by  ").nth(1).unwrap_or_else(|| panic!("{output}"));
    // What goes on in the next line begins below what it goes on with.
    assert!(blockers.lines().nth(1).unwrap().starts_with("            llama-3-70b"), "{output}");
}

#[test]
fn nothing_in_a_request_controls_the_terminal() {
    let input = request(|request| {
        request["routes"][0]["id"] = json!("r\u{1b}]0;title\u{7}\n");
        request["routes"][0]["revision"] = json!("\u{1b}[2J");
        request["spec"]["deploying_revision"] = json!("v2\u{1b}[31m");
    });
    let assert =
        pointsman(&["explain", "--plugin", &plugin()]).env("CLICOLOR_FORCE", "1").write_stdin(input).assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(
        output.contains(r"r\u{1b}]0;title\u{7}\n") && output.contains(r"\u{1b}[2J") && output.contains(r"v2\u{1b}[31m"),
        "{output}"
    );
    assert!(!output.contains("\u{1b}]0;") && !output.contains("\u{1b}[2J") && !output.contains('\u{7}'));
}

/// Marks of direction turn words round, and what has no width makes two names look alike.
#[test]
fn nothing_in_a_request_hides_what_it_says() {
    let input = request(|request| {
        request["routes"][0]["id"] = json!("r-2\u{200b}");
        request["routes"][1]["revision"] = json!("v\u{202e}1");
        request["spec"]["deploying_revision"] = json!("v2\u{feff}");
    });
    let output = explained(&input, 0, &[]);

    for expected in [r"r-2\u{200b}", r"v\u{202e}1", r"v2\u{feff}"] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
    assert!(!output.contains(['\u{200b}', '\u{202e}', '\u{feff}']), "{output}");
}
