//! The times of the parts of a forward pass.

use std::time::Instant;

/// Milliseconds of one pass by part. On a GPU, where work is queued, only the
/// total is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PassTimes {
    /// The products of the blocks, with the norms, sums and gates in them.
    pub matmul_ms: f32,
    /// Attention over the cache.
    pub attention_ms: f32,
    /// The last norm and the logits.
    pub head_ms: f32,
    pub(crate) total_ms: f32,
}

impl PassTimes {
    /// Milliseconds of embeddings, rotations, writing the cache, and overhead.
    pub fn rest_ms(&self) -> f32 {
        (self.total_ms - self.matmul_ms - self.attention_ms - self.head_ms).max(0.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PassPart {
    Matmul,
    Attention,
    Head,
    Total,
}

/// Adds up the parts of one pass.
#[derive(Default)]
pub(crate) struct Clock {
    pub(crate) times: PassTimes,
}

impl Clock {
    pub(crate) fn time<T>(&mut self, part: PassPart, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(part, start);
        result
    }

    pub(crate) fn add(&mut self, part: PassPart, since: Instant) {
        let ms = since.elapsed().as_secs_f32() * 1000.0;
        let slot = match part {
            PassPart::Matmul => &mut self.times.matmul_ms,
            PassPart::Attention => &mut self.times.attention_ms,
            PassPart::Head => &mut self.times.head_ms,
            PassPart::Total => &mut self.times.total_ms,
        };
        *slot += ms;
    }
}
