//! Isolation of calls: one leaves nothing for the next, unless they share a session.

use host_test::{HOSTILE, misdeed};
use pointsman_host::{CallError, EvaluateError, Session};

fn remembered(session: &mut Session) -> String {
    session.evaluate_cycle(&[], &misdeed("remember")).unwrap().reason.message
}

#[test]
fn every_call_has_a_fresh_instance() {
    for _ in 0..3 {
        assert_eq!(HOSTILE.evaluate_cycle(&[], &misdeed("remember")).unwrap().reason.message, "1 calls");
    }
}

#[test]
fn a_session_keeps_what_the_plugin_remembers() {
    let mut session = HOSTILE.session().unwrap();

    assert_eq!(remembered(&mut session), "1 calls");
    assert_eq!(remembered(&mut session), "2 calls");
}

#[test]
fn a_session_starts_anew_after_a_trap() {
    let mut session = HOSTILE.session().unwrap();
    assert_eq!(remembered(&mut session), "1 calls");

    let error = session.evaluate_cycle(&[], &misdeed("trap")).unwrap_err();
    assert!(matches!(error, EvaluateError::Call(CallError::Trap { .. })), "{error:?}");

    assert_eq!(remembered(&mut session), "1 calls");
}

#[test]
fn threads_share_a_plugin() {
    std::thread::scope(|scope| {
        let calls =
            (0..8).map(|_| scope.spawn(|| HOSTILE.evaluate_cycle(&[], &misdeed("remember")).unwrap().reason.message));
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.join().unwrap(), "1 calls");
        }
    });
}
