//! The click models: DIN (Zhou et al. 2018, arXiv 1706.06978) and DCNv2 (Wang et al. 2021,
//! arXiv 2008.13535) in the sizes of LASER's code, each with an adaptor for the knowledge
//! about users and one for that about items.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::network::{ADAPTED, Adaptor, DenseLayer, Dice, IdEmbedding, Mode, ModelWeights};
use super::rows::N_HISTORY;

/// Which click model.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
)]
#[strum(ascii_case_insensitive)]
pub enum Backbone {
    /// Deep interest network.
    #[strum(serialize = "DIN")]
    Din,
    /// Deep and cross network, version 2.
    #[strum(serialize = "DCNv2")]
    DcnV2,
}

/// Width of an embedding.
const EMBEDDED: usize = 32;
/// Width of what is made of an item.
const WIDTH: usize = 64;
/// Hidden layers of the deep net.
const DEEP: [usize; 2] = [200, 80];
/// Hidden layers of DIN's attention.
const ATTENTION: [usize; 2] = [32, 16];
/// Cross layers of DCNv2.
const N_CROSS: usize = 3;

/// How many of each there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelSizes {
    /// Items of the catalog.
    pub items: usize,
    /// Attributes of items.
    pub attributes: usize,
    /// Values that ratings have.
    pub levels: usize,
    /// Width of the vectors of knowledge; `None` without knowledge.
    pub knowledge: Option<usize>,
}

/// What is known about some rows.
pub struct RowInputs {
    /// Shape: (n).
    pub items: Tensor,
    /// Shape: (n).
    pub attributes: Tensor,
    /// Histories, row by row, padded at their end. Shape of each: (n * history).
    pub seen_items: Tensor,
    /// Of the same.
    pub seen_attributes: Tensor,
    /// Of the same.
    pub seen_levels: Tensor,
    /// 1 where there is a rating, 0 at padding. Shape: (n, 1, history).
    pub mask: Tensor,
    /// About the users and the items.
    pub knowledge: Option<[KnownRows; 2]>,
}

/// The vectors of some rows, each subject once.
pub struct KnownRows {
    /// Shape: (subjects, width).
    pub vectors: Tensor,
    /// Which of them is a row's. Shape: (n).
    pub places: Tensor,
}

/// A click model with its weights.
pub struct ClickModel {
    items: IdEmbedding,
    attributes: IdEmbedding,
    levels: IdEmbedding,
    history: DenseLayer,
    adaptors: Option<[Adaptor; 2]>,
    top: Top,
}

enum Top {
    Din(Din),
    Cross(Cross),
}

impl ClickModel {
    /// # Errors
    /// candle's.
    pub fn new(backbone: Backbone, sizes: ModelSizes, weights: &mut ModelWeights) -> Result<Self> {
        let items = IdEmbedding::new(weights, sizes.items, EMBEDDED)?;
        let attributes = IdEmbedding::new(weights, sizes.attributes, EMBEDDED)?;
        let levels = IdEmbedding::new(weights, sizes.levels, EMBEDDED)?;
        let history = DenseLayer::new(weights, 3 * EMBEDDED, WIDTH)?;
        let n_adapted = sizes.knowledge.map_or(0, |_| 2 * ADAPTED);
        let n_in = 2 * WIDTH + n_adapted;
        let top = match backbone {
            Backbone::Din => Top::Din(Din::new(weights, n_in)?),
            Backbone::DcnV2 => Top::Cross(Cross::new(weights, n_in)?),
        };
        // Drawn last, so that arms with and without knowledge begin alike elsewhere.
        let mut adaptor = |width| Adaptor::new(weights, width);
        let adaptors = match sizes.knowledge {
            Some(width) => Some([adaptor(width)?, adaptor(width)?]),
            None => None,
        };
        Ok(ClickModel {
            items,
            attributes,
            levels,
            history,
            adaptors,
            top,
        })
    }

    /// Scores before the sigmoid. Shape: (n).
    ///
    /// # Errors
    /// candle's.
    pub fn forward(&self, inputs: &RowInputs, mode: Mode) -> Result<Tensor> {
        let n = inputs.items.dim(0)?;
        let query = self.item(&inputs.items, &inputs.attributes)?;
        let seen = self.item(&inputs.seen_items, &inputs.seen_attributes)?;
        let levels = self.levels.forward(&inputs.seen_levels)?;
        let seen = self.history.forward(&Tensor::cat(&[seen, levels], 1)?)?;
        let seen = seen.reshape((n, N_HISTORY, WIDTH))?;
        let history = match &self.top {
            Top::Din(din) => din.interest(&query, &seen, &inputs.mask, mode)?,
            Top::Cross(_) => mean_of(&seen, &inputs.mask)?,
        };
        let mut parts = vec![history, query];
        if let (Some(adaptors), Some(knowledge)) = (&self.adaptors, &inputs.knowledge) {
            for (adaptor, known) in adaptors.iter().zip(knowledge) {
                let adapted = adaptor.forward(&known.vectors)?;
                parts.push(adapted.index_select(&known.places, 0)?);
            }
        }
        let all = Tensor::cat(&parts, 1)?;
        let scores = match &self.top {
            Top::Din(din) => din.deep.forward(&all, mode)?,
            Top::Cross(cross) => cross.forward(&all, mode)?,
        };
        scores.squeeze(1)
    }

    fn item(&self, items: &Tensor, attributes: &Tensor) -> Result<Tensor> {
        let parts = [
            self.items.forward(items)?,
            self.attributes.forward(attributes)?,
        ];
        Tensor::cat(&parts, 1)
    }
}

/// Mean over the ratings that there are. Shape: (n, history, width) -> (n, width).
fn mean_of(seen: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let count = mask.sum_keepdim(2)?.maximum(1.0)?;
    mask.broadcast_div(&count)?.matmul(seen)?.squeeze(1)
}

/// Layers with Dice between them, to a single score.
struct Deep {
    layers: Vec<(DenseLayer, Dice)>,
    last: DenseLayer,
}

impl Deep {
    fn new(weights: &mut ModelWeights, n_in: usize, hidden: &[usize]) -> Result<Self> {
        let (mut layers, mut width) = (Vec::new(), n_in);
        for &n_out in hidden {
            let linear = DenseLayer::new(weights, width, n_out)?;
            layers.push((linear, Dice::new(weights, n_out)?));
            width = n_out;
        }
        let last = DenseLayer::new(weights, width, 1)?;
        Ok(Deep { layers, last })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.last.forward(&self.hidden(x, mode)?)
    }

    fn hidden(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut x = x.clone();
        for (linear, dice) in &self.layers {
            x = dice.forward(&linear.forward(&x)?, mode)?;
        }
        Ok(x)
    }
}

struct Din {
    attention: Deep,
    deep: Deep,
}

impl Din {
    fn new(weights: &mut ModelWeights, n_in: usize) -> Result<Self> {
        Ok(Din {
            attention: Deep::new(weights, 4 * WIDTH, &ATTENTION)?,
            deep: Deep::new(weights, n_in, &DEEP)?,
        })
    }

    /// The history weighed by how it fits the query; the weights are not normalized (section
    /// 4.3 of the paper). Shapes: (n, width), (n, history, width) -> (n, width).
    fn interest(&self, query: &Tensor, seen: &Tensor, mask: &Tensor, mode: Mode) -> Result<Tensor> {
        let (n, length, width) = seen.dims3()?;
        let query = query.unsqueeze(1)?.broadcast_as(seen.shape())?;
        let query = query.contiguous()?;
        let parts = [
            query.clone(),
            seen.clone(),
            (&query - seen)?,
            (&query * seen)?,
        ];
        let pairs = Tensor::cat(&parts, 2)?.reshape((n * length, 4 * width))?;
        let weights = self.attention.forward(&pairs, mode)?;
        let weights = (weights.reshape((n, 1, length))? * mask)?;
        weights.matmul(seen)?.squeeze(1)
    }
}

struct Cross {
    layers: Vec<DenseLayer>,
    deep: Deep,
    last: DenseLayer,
}

impl Cross {
    fn new(weights: &mut ModelWeights, n_in: usize) -> Result<Self> {
        let layer = |_| DenseLayer::new(weights, n_in, n_in);
        let layers = (0..N_CROSS).map(layer).collect::<Result<_>>()?;
        let deep = Deep::new(weights, n_in, &DEEP)?;
        let last = DenseLayer::new(weights, n_in + DEEP[1], 1)?;
        Ok(Cross { layers, deep, last })
    }

    /// x of layer l + 1 is x0 * (W x of l + b) + x of l (equation 2 of the paper).
    fn forward(&self, first: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut x = first.clone();
        for layer in &self.layers {
            x = ((first * layer.forward(&x)?)? + &x)?;
        }
        let deep = self.deep.hidden(first, mode)?;
        self.last.forward(&Tensor::cat(&[x, deep], 1)?)
    }
}
