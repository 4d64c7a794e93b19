//! Calls of a strategy for many deployments at once, through the JSON entry point.
//!
//! One request that makes the call fail costs no other its plan: the batch is [halved](super::halves) until it stands
//! alone, and from then on its deployment is called alone.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use pointsman::json::{Answer, ErrorCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    blame::{Input, Ticket},
    entry_point::{self, Judgement, Kept, Observed, ObservedRequest},
    error::InvalidDeployment,
    halves::{self, Each, Stop},
    options::Options,
    outcome::Outcome,
    questions::Question,
    slot::{Slot, Versions},
    slots::Slots,
};
use crate::{
    plugin::{AnswerKind, Answers, EvaluateCyclesError, Plugin, PluginId},
    text::length,
};

/// Answers of a batch, and which plugin gave each.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatedBatch {
    /// A JSON array of answers, as long as the batch and in its order; see
    /// [`Plugin::evaluate_cycles_json`](crate::Plugin::evaluate_cycles_json). Beside the errors there, a request may be
    /// answered with [`PluginFailed`](ErrorCode::PluginFailed), [`CircuitOpen`](ErrorCode::CircuitOpen) or
    /// [`Unavailable`](ErrorCode::Unavailable).
    pub answers: String,
    /// The plugin that answered each request; none, where none did.
    pub plugins: Vec<Option<PluginId>>,
}

/// A request of a batch.
struct Element<'a> {
    text: &'a str,
    deployment: Cow<'a, str>,
    spec: &'a RawValue,
}

/// The parts of a request that a registry reads.
#[derive(Deserialize)]
struct Keyed<'a> {
    #[serde(borrow)]
    deployment: Cow<'a, str>,
    #[serde(borrow)]
    spec: &'a RawValue,
}

/// The parts of a spec that make up its fingerprint, not yet read.
#[derive(Deserialize)]
struct InputParts<'a> {
    #[serde(borrow, default)]
    config: Option<&'a RawValue>,
    #[serde(borrow, default)]
    deploying_revision: Option<Cow<'a, str>>,
    #[serde(default)]
    target_replicas: u32,
}

/// The answer to a request: its text, and what it is.
type Answered = (String, AnswerKind);

/// Decides the requests of a batch.
///
/// # Errors
/// The plugin's, where the text is no array.
pub(super) fn evaluate(slots: &Slots, slot: &Arc<Slot>, requests: &str) -> Result<EvaluatedBatch, EvaluateCyclesError> {
    let versions = slot.versions();
    let Ok(raw) = serde_json::from_str::<Vec<&RawValue>>(requests) else {
        let current = &versions.current.plugin;
        slot.counts.record(slot.name(), Outcome::Refused);
        return current.evaluate_cycles_json(requests).map(|answers| EvaluatedBatch { answers, plugins: vec![] });
    };
    let elements: Vec<_> = raw.into_iter().map(|element| Element::read(element.get())).collect();
    let batch = Batch { slots, slot, versions: &versions, elements };
    Ok(batch.evaluate(requests))
}

/// A batch under way.
struct Batch<'a> {
    slots: &'a Slots,
    slot: &'a Arc<Slot>,
    versions: &'a Arc<Versions>,
    elements: Vec<Result<Element<'a>, String>>,
}

// === impl Batch ===

impl Batch<'_> {
    fn evaluate(&self, requests: &str) -> EvaluatedBatch {
        let Self { slots, slot, versions, elements } = self;
        let options = &slots.options;
        let mut answers: Vec<Option<String>> = vec![None; elements.len()];
        let mut tickets: BTreeMap<usize, Ticket> = BTreeMap::new();
        for (i, element) in elements.iter().enumerate() {
            match element {
                Err(message) => {
                    slot.counts.record(slot.name(), Outcome::Refused);
                    answers[i] = Some(error(ErrorCode::InvalidRequest, message));
                }
                Ok(element) => match slot.admit(versions, &element.deployment, || element.input(), options) {
                    Ok(ticket) => drop(tickets.insert(i, ticket)),
                    Err(open) => answers[i] = Some(error(ErrorCode::CircuitOpen, &open)),
                },
            }
        }
        let admitted: Vec<(usize, Ticket)> = tickets.iter().map(|(i, ticket)| (*i, *ticket)).collect();
        let mut time = Time::new(options);
        let mut plugins: Vec<Option<PluginId>> = vec![None; elements.len()];
        for (which, group) in halves::groups(&admitted) {
            let plugin = &versions.get(which).plugin;
            let text = |group: &[usize]| {
                if group.len() == elements.len() {
                    return Cow::Borrowed(requests);
                }
                let of_group = group.iter().filter_map(|i| elements[*i].as_ref().ok());
                Cow::Owned(array(of_group.map(|element| element.text)))
            };
            let mut call =
                |group: &[usize]| time.call(plugin, &text(group), |took| slot.counts.record_time(slot.name(), took));
            let mut put = |i: usize, each: Each<Answered, EvaluateCyclesError>| {
                let (answer, judgement) = settled(each);
                plugins[i] = (judgement.outcome != Outcome::Unavailable).then(|| plugin.id().clone());
                if let (Ok(element), Some(ticket)) = (&elements[i], tickets.get(&i)) {
                    self.finish(element, *ticket, plugin.id(), &judgement, &answer);
                }
                answers[i] = Some(answer);
            };
            halves::call(&group, &mut call, &mut put);
        }
        let answers: Vec<String> = answers.into_iter().map(Option::unwrap_or_default).collect();
        self.observe(&answers, &plugins);
        EvaluatedBatch { answers: array(answers.iter().map(String::as_str)), plugins }
    }

    /// Draws the consequences of one request's outcome.
    fn finish(&self, element: &Element<'_>, ticket: Ticket, plugin: &PluginId, judgement: &Judgement, answer: &str) {
        let Self { slots, slot, versions, .. } = self;
        let deployment = &*element.deployment;
        if judgement.outcome.is_failure() {
            slot.report(deployment, plugin, judgement.outcome, &answer);
        }
        if slot.finish(versions, deployment, || element.input(), ticket, judgement, &slots.options) {
            slots.questions.ask(Question {
                slot: Arc::clone(slot),
                versions: Arc::clone(versions),
                deployment: deployment.to_owned(),
                input: element.input(),
                outcome: judgement.outcome,
                request: Kept::Json(element.text.to_owned()),
            });
        }
    }

    /// Tells the shadow what was decided, if there is one.
    fn observe(&self, answers: &[String], plugins: &[Option<PluginId>]) {
        let Some(tried) = &self.versions.tried else { return };
        let decided = self.elements.iter().zip(answers).zip(plugins);
        let observed = |((element, answer), plugin): ((&Result<Element<'_>, String>, &String), &Option<PluginId>)| {
            let element = element.as_ref().ok()?;
            Some(ObservedRequest {
                plugin: plugin.clone()?,
                deployment: element.deployment.clone().into_owned(),
                request: element.text.to_owned(),
                decision: entry_point::decision(answer),
            })
        };
        let size = answers.iter().map(String::len).sum::<usize>()
            + self.elements.iter().flatten().map(|element| element.text.len()).sum::<usize>();
        tried.observe(size, || Observed::Batch(decided.filter_map(observed).collect()));
    }
}

/// The time that all calls of a batch have together.
pub(super) struct Time<'a> {
    options: &'a Options,
    start: Instant,
}

// === impl Time ===

impl<'a> Time<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        Self { options, start: (options.clock)() }
    }

    /// Calls a plugin with a JSON array of requests, unless the time is over; `took` is told how long that was.
    pub(super) fn call(
        &mut self,
        plugin: &Plugin,
        requests: &str,
        took: impl FnOnce(Duration),
    ) -> Result<Vec<Answered>, Stop<EvaluateCyclesError>> {
        let (clock, limit) = (&self.options.clock, self.options.batch_time);
        let began = clock();
        if began.saturating_duration_since(self.start) >= limit {
            return Err(Stop::Unavailable(format!("not called: the time of the batch, {}, is over", length(limit))));
        }
        let result = plugin.answers(requests);
        took(clock().saturating_duration_since(began));
        match result {
            Ok(Answers { text, kinds }) => {
                let texts = entry_point::answers(&text);
                Ok(texts.into_iter().map(|answer| answer.get().to_owned()).zip(kinds).collect())
            }
            Err(error) if entry_point::outcome_of_batch(&error) == Outcome::Host => {
                Err(Stop::Unavailable(error.to_string()))
            }
            Err(error) => Err(Stop::Failed(error)),
        }
    }
}

// === impl Element ===

impl<'a> Element<'a> {
    /// Reads as much of a request as a registry has to know.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    fn read(text: &'a str) -> Result<Self, String> {
        let Keyed { deployment, spec } = serde_json::from_str(text).map_err(|error| {
            let words = error.to_string();
            let position = format!(" at line {} column {}", error.line(), error.column());
            words.strip_suffix(&position).unwrap_or(&words).to_owned()
        })?;
        InvalidDeployment::check(&deployment).map_err(|error| error.to_string())?;
        Ok(Self { text, deployment, spec })
    }

    fn input(&self) -> Input {
        let text = self.spec.get();
        match serde_json::from_str::<InputParts<'_>>(text) {
            Ok(InputParts { config, deploying_revision, target_replicas }) => {
                Input::new(config.map_or("{}", RawValue::get), &deploying_revision.unwrap_or_default(), target_replicas)
            }
            // Whatever is wrong with it is the same as long as it is the same text.
            Err(_) => Input::new(text, "", 0),
        }
    }
}

/// The answer to a request, and what came of it.
pub(super) fn settled(each: Each<Answered, EvaluateCyclesError>) -> (String, Judgement) {
    match each {
        Each::Answer((answer, kind)) => (answer, Judgement::of_answer(kind)),
        Each::Failed(failure) => {
            let judgement = Judgement::of(entry_point::outcome_of_batch(&failure));
            (error(ErrorCode::PluginFailed, &failure), judgement)
        }
        Each::Unavailable(why) => (error(ErrorCode::Unavailable, &why), Judgement::of(Outcome::Unavailable)),
    }
}

/// A JSON array of texts.
pub(super) fn array<'a>(elements: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for element in elements {
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(element);
    }
    if text.is_empty() { "[]".to_owned() } else { text + "]" }
}

/// An answer that is an error, as JSON.
fn error(code: ErrorCode, message: &dyn std::fmt::Display) -> String {
    let answer = Answer::Error { code, message: message.to_string(), violations: vec![] };
    serde_json::to_string(&answer).unwrap_or_default()
}
