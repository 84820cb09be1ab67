//! The state of the model: being looked for, downloaded, loaded, ready, or unavailable.

use crate::protocol::{Event, FetchEvent};
use crate::speculate::trace::{ModelInfo, PoolSize};

#[derive(Clone, Debug, PartialEq)]
pub enum ModelState {
    /// No engine: recorded traces only.
    None,
    /// Nothing heard yet.
    Starting,
    Looking {
        what: String,
    },
    Fetching {
        from: String,
        done: u64,
        total: Option<u64>,
        bytes_per_s: f64,
    },
    Checking,
    Loading {
        what: String,
    },
    Ready(Box<Ready>),
    Failed {
        why: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    pub model: ModelInfo,
    pub device: String,
    pub note: Option<String>,
    pub pools: Vec<PoolSize>,
}

impl ModelState {
    pub fn is_ready(&self) -> bool {
        matches!(self, ModelState::Ready(_))
    }

    /// Not ready yet, but coming.
    pub fn is_coming(&self) -> bool {
        !matches!(
            self,
            ModelState::None | ModelState::Ready(_) | ModelState::Failed { .. }
        )
    }

    /// A download is under way.
    pub fn is_fetching(&self) -> bool {
        matches!(self, ModelState::Fetching { .. } | ModelState::Checking)
    }

    /// The state after an event; `None` if the event is not about the model.
    pub fn after(&self, event: &Event) -> Option<Self> {
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
