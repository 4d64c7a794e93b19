//! Batches that fail as a whole, halved until the request at fault stands alone.
//!
//! Pure: what calls a plugin, and judges how long that may take, is handed in.

use super::blame::{Ticket, Which};

/// A call of several requests without answers.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The call failed, for one of them or more.
    Failed(E),
    /// Nothing is known: the time of the batch is over, or the host could not call.
    Unavailable(String),
}

/// Result of one request of a batch.
#[derive(Debug)]
pub(super) enum Each<A, E> {
    /// The call succeeded, and this is the request's answer.
    Answer(A),
    /// It failed with this request alone.
    Failed(E),
    /// It was not reached, or not in time.
    Unavailable(String),
}

/// Groups admitted requests, given by index, as they are called: those that are not suspect together, first by the
/// current version and then by the one before it; then each suspect one alone.
pub(super) fn groups(admitted: &[(usize, Ticket)]) -> Vec<(Which, Vec<usize>)> {
    let together = |which: Which| {
        let of_it = admitted.iter().filter(move |(_, ticket)| ticket.which == which && !ticket.is_suspect);
        (which, of_it.map(|(i, _)| *i).collect())
    };
    let alone = admitted.iter().filter(|(_, ticket)| ticket.is_suspect);
    let mut groups: Vec<(Which, Vec<usize>)> = [Which::Current, Which::Previous].map(together).to_vec();
    groups.extend(alone.map(|(i, ticket)| (ticket.which, vec![*i])));
    groups.retain(|(_, group)| !group.is_empty());
    groups
}

/// Calls a group, and halves of it where it fails as a whole; the first half is the larger.
pub(super) fn call<A, E>(
    group: &[usize],
    call_once: &mut impl FnMut(&[usize]) -> Result<Vec<A>, Stop<E>>,
    put: &mut impl FnMut(usize, Each<A, E>),
) {
    match call_once(group) {
        Ok(answers) => group.iter().zip(answers).for_each(|(i, answer)| put(*i, Each::Answer(answer))),
        Err(Stop::Unavailable(why)) => group.iter().for_each(|i| put(*i, Each::Unavailable(why.clone()))),
        Err(Stop::Failed(error)) => {
            if let [alone] = group {
                return put(*alone, Each::Failed(error));
            }
            let (first, second) = group.split_at(group.len().div_ceil(2));
            call(first, call_once, put);
            call(second, call_once, put);
        }
    }
}
