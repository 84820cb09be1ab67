//! The state of the model: being looked for, downloaded, loaded, ready, or unavailable.

use crate::protocol::{Event, FetchEvent};
use crate::speculate::trace::{ModelInfo, PoolSize};

/// Where the model is.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelState {
    /// No engine: recorded traces only.
    None,
    /// Nothing heard yet.
    Starting,
    /// Its file is searched.
    Looking {
        /// The place that is asked.
        what: String,
    },
    /// Its file is downloaded.
    Fetching {
        /// Host or directory.
        from: String,
        /// Bytes so far.
        done: u64,
        /// Bytes in all; `None`: not told.
        total: Option<u64>,
        /// Recent speed.
        bytes_per_s: f64,
    },
    /// The file's hash is compared.
    Checking,
    /// Weights and pools are loaded.
    Loading {
        /// As the engine says it.
        what: String,
    },
    /// Runs can be asked for.
    Ready(Box<Ready>),
    /// There is none; recorded runs can be shown.
    Failed {
        /// The error in words.
        why: String,
    },
}

/// What is told of a loaded model.
#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    pub(crate) model: ModelInfo,
    pub(crate) device: String,
    pub(crate) note: Option<String>,
    pub(crate) pools: Vec<PoolSize>,
}

impl ModelState {
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self, ModelState::Ready(_))
    }

    /// Not ready yet, but coming.
    pub(crate) fn is_coming(&self) -> bool {
        !matches!(
            self,
            ModelState::None | ModelState::Ready(_) | ModelState::Failed { .. }
        )
    }

    /// The state after an event; `None` if the event is not about the model.
    pub(crate) fn after(&self, event: &Event) -> Option<Self> {
        Some(match event {
            Event::Fetch(fetch) => self.after_fetch(fetch)?,
            Event::Loading { what } => ModelState::Loading { what: what.clone() },
            Event::ModelReady {
                model,
                device,
                note,
                pools,
            } => ModelState::Ready(Box::new(Ready {
                model: (**model).clone(),
                device: device.clone(),
                note: note.clone(),
                pools: pools.clone(),
            })),
            Event::ModelFailed { why } => ModelState::Failed { why: why.clone() },
            _ => return None,
        })
    }

    fn after_fetch(&self, event: &FetchEvent) -> Option<Self> {
        Some(match event {
            FetchEvent::Looking { what } => ModelState::Looking { what: what.clone() },
            FetchEvent::Downloading {
                from,
                done,
                total,
                bytes_per_s,
            } => ModelState::Fetching {
                from: from.clone(),
                done: *done,
                total: *total,
                bytes_per_s: *bytes_per_s,
            },
            FetchEvent::Verifying | FetchEvent::Hashing { .. } => ModelState::Checking,
            FetchEvent::Done { .. } => ModelState::Loading {
                what: "the model".into(),
            },
            FetchEvent::Skipped { .. } => return None,
        })
    }
}
