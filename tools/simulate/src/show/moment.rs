//! Moments and durations as people read them.

use jiff::SignedDuration;
use pointsman::Timestamp;

/// A moment in UTC: `2025-10-09T08:53:20Z`; milliseconds where they matter; the bare number beyond the calendar's end.
pub fn absolute(at: Timestamp) -> String {
    let in_calendar =
        i64::try_from(at.as_millis()).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    in_calendar.map_or_else(|| format!("{} ms since 1970", at.as_millis()), |moment| moment.to_string())
}

/// A duration, from milliseconds: `1m 30s`, `250ms`.
pub fn duration(millis: u64) -> String {
    i64::try_from(millis)
        .map_or_else(|_| format!("{millis}ms"), |millis| format!("{:#}", SignedDuration::from_millis(millis)))
}

/// A duration, from seconds: `1m 30s`.
pub fn seconds(seconds: f64) -> String {
    // More than a duration holds is no time that anything here takes.
    let duration = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    self::duration(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// `at`, seen from `now`: `in 1m 30s`, `10s ago`, `now`.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    match (at.saturating_millis_since(now), now.saturating_millis_since(at)) {
        (0, 0) => "now".to_owned(),
        (0, ago) => format!("{} ago", duration(ago)),
        (ahead, _) => format!("in {}", duration(ahead)),
    }
}
