//! The thread that asks whose fault a failure is, one deployment at a time, after the caller has its answer.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{
    blame::{Input, ask},
    entry_point::Kept,
    options::Options,
    outcome::Outcome,
    slot::{Slot, Versions},
};
use crate::runtime::contained;

/// Most questions that wait. Each is a copy of a request, so this bounds memory; what finds no room is asked when the
/// deployment fails again.
const QUEUE: usize = 32;

/// A failure, and all that is needed to ask whose fault it is.
pub(super) struct Question {
    pub(super) slot: Arc<Slot>,
    pub(super) versions: Arc<Versions>,
    pub(super) deployment: String,
    pub(super) input: Input,
    pub(super) outcome: Outcome,
    pub(super) request: Kept,
}

/// The questions of a registry.
pub(super) struct Questions {
    options: Options,
    /// Made with the first question.
    queue: Mutex<Option<SyncSender<Question>>>,
    open: Arc<Unanswered>,
}

#[derive(Default)]
struct Unanswered {
    count: Mutex<usize>,
    none_left: Condvar,
}

// === impl Questions ===

impl Questions {
    pub(super) fn new(options: &Options) -> Self {
        Self { options: options.clone(), queue: Mutex::default(), open: Arc::default() }
    }

    /// Asks in the background, if there is room.
    pub(super) fn ask(&self, question: Question) {
        self.open.add();
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_none() {
            *queue = self.start();
        }
        let refused = match &*queue {
            Some(queue) => queue.try_send(question).err().map(|error| match error {
                std::sync::mpsc::TrySendError::Full(question)
                | std::sync::mpsc::TrySendError::Disconnected(question) => question,
            }),
            None => Some(question),
        };
        if let Some(question) = refused {
            question.versions.blame.not_asked(&question.deployment);
            self.open.take_away();
        }
    }

    /// Waits until all questions are answered, but no longer than this; whether they are.
    pub(super) fn wait(&self, longest: Duration) -> bool {
        let (count, none_left) = (self.open.count(), &self.open.none_left);
        let waited = none_left.wait_timeout_while(count, longest, |count| *count > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0 == 0
    }

    /// None where the system gives no thread: then the next failure tries again.
    fn start(&self) -> Option<SyncSender<Question>> {
        let (queue, questions) = sync_channel(QUEUE);
        let (options, open) = (self.options.clone(), Arc::clone(&self.open));
        let thread = thread::Builder::new().name("pointsman-blame".to_owned());
        thread.spawn(move || run(&questions, &options, &open)).ok().map(|_| queue)
    }
}

/// Answers questions until the registry is gone.
fn run(questions: &Receiver<Question>, options: &Options, open: &Unanswered) {
    for question in questions {
        // Whoever waits must not wait for ever because something here is wrong.
        if contained(|| answer(&question, options)).is_err() {
            question.versions.blame.not_asked(&question.deployment);
        }
        drop(question);
        open.take_away();
    }
}

fn answer(question: &Question, options: &Options) {
    let Question { slot, versions, deployment, input, outcome, request } = question;
    if !slot.is_current(versions) {
        return;
    }
    let verdict = ask(|which| request.call(&versions.get(which).plugin.in_background()));
    slot.judge(versions, deployment, *input, verdict, *outcome, options);
}

// === impl Unanswered ===

impl Unanswered {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) {
        *self.count() += 1;
    }

    fn take_away(&self) {
        let mut count = self.count();
        *count -= 1;
        if *count == 0 {
            self.none_left.notify_all();
        }
    }
}
