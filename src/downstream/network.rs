//! Layers of the click models over candle's autograd. Weights are drawn from a seed, so that
//! a training is a function of its inputs.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, DType, Device, Layout, Result, Shape, Tensor, Var};

use crate::recsys::SplitMix64;

/// Draws the weights of a network, and keeps what is learned and what is only tracked.
pub struct ModelWeights {
    random: SplitMix64,
    dtype: DType,
    /// What the optimizer moves.
    pub learned: Vec<Var>,
    /// Running means and variances.
    pub tracked: Vec<Var>,
}

impl ModelWeights {
    /// On the CPU; f64 is for checking gradients.
    pub fn new(seed: u64, dtype: DType) -> Self {
        ModelWeights {
            random: SplitMix64::new(seed),
            dtype,
            learned: Vec::new(),
            tracked: Vec::new(),
        }
    }

    /// The type of all its tensors.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Uniform in ±`bound`.
    fn uniform(&mut self, shape: (usize, usize), bound: f64) -> Result<Var> {
        let n = shape.0 * shape.1;
        let draws = (0..n).map(|_| bound * (2.0 * self.random.unit() - 1.0));
        let draws = Tensor::from_vec(draws.collect::<Vec<f64>>(), shape, &Device::Cpu)?;
        self.learn(&draws)
    }

    fn constant(&mut self, n: usize, value: f64) -> Result<Tensor> {
        Tensor::full(value, n, &Device::Cpu)?.to_dtype(self.dtype)
    }

    fn learn(&mut self, values: &Tensor) -> Result<Var> {
        let var = Var::from_tensor(&values.to_dtype(self.dtype)?)?;
        self.learned.push(var.clone());
        Ok(var)
    }

    fn track(&mut self, n: usize, value: f64) -> Result<Var> {
        let var = Var::from_tensor(&self.constant(n, value)?)?;
        self.tracked.push(var.clone());
        Ok(var)
    }

    /// A copy of all values.
    ///
    /// # Errors
    /// candle's.
    pub fn snapshot(&self) -> Result<Vec<Tensor>> {
        let all = self.learned.iter().chain(&self.tracked);
        all.map(|var| var.as_tensor().copy()).collect()
    }

    /// Puts a snapshot of the same weights back.
    ///
    /// # Errors
    /// candle's.
    pub fn restore(&self, snapshot: &[Tensor]) -> Result<()> {
        let all = self.learned.iter().chain(&self.tracked);
        all.zip(snapshot).try_for_each(|(var, to)| var.set(to))
    }
}

/// Whether a pass is for learning: statistics of the batch, or those that were tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Normalizes by the batch and tracks it.
    Learn,
    /// Normalizes by what was tracked.
    Predict,
}

/// A row of learned numbers for each id.
pub struct IdEmbedding {
    table: Var,
}

impl IdEmbedding {
    /// # Errors
    /// candle's.
    pub fn new(weights: &mut ModelWeights, n_ids: usize, width: usize) -> Result<Self> {
        let table = weights.uniform((n_ids, width), 0.05)?;
        Ok(IdEmbedding { table })
    }

    /// Shape: (n) -> (n, width).
    ///
    /// # Errors
    /// candle's.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.table.index_select(ids, 0)
    }
}

/// `x W + b`.
pub struct DenseLayer {
    // (in, out)
    weight: Var,
    bias: Var,
}

impl DenseLayer {
    /// # Errors
    /// candle's.
    pub fn new(weights: &mut ModelWeights, n_in: usize, n_out: usize) -> Result<Self> {
        // Glorot and Bengio 2010, equation 16
        let bound = (6.0 / (n_in + n_out) as f64).sqrt();
        let weight = weights.uniform((n_in, n_out), bound)?;
        let zeros = weights.constant(n_out, 0.0)?;
        let bias = weights.learn(&zeros)?;
        Ok(DenseLayer { weight, bias })
    }

    /// Shape: (n, in) -> (n, out).
    ///
    /// # Errors
    /// candle's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.with_bias(&x.matmul(&self.weight)?)
    }

    /// The same of an `x` that nothing is learned about. Shape: (n, in) -> (n, out).
    fn forward_given(&self, x: &Tensor) -> Result<Tensor> {
        self.with_bias(&x.apply_op2(&self.weight, GivenProduct)?)
    }

    fn with_bias(&self, product: &Tensor) -> Result<Tensor> {
        product + on_rows(&self.bias.as_tensor().unsqueeze(0)?, product.dim(0)?)?
    }
}

/// The product of what is given and what is learned. candle's own computes the gradient of
/// both, which for wide vectors is half as much work again.
struct GivenProduct;

impl CustomOp2 for GivenProduct {
    fn name(&self) -> &'static str {
        "given-product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((n, n_in), (_, n_out)) = (x_layout.shape().dims2()?, weight_layout.shape().dims2()?);
        let product = x.matmul(weight, (1, n, n_out, n_in), x_layout, weight_layout)?;
        Ok((product, Shape::from((n, n_out))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        _weight: &Tensor,
        _product: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((None, Some(x.t()?.matmul(gradient)?)))
    }
}

/// The same row `n` times, as a product: candle sums the gradient of a broadcast element by
/// element, which is slower than the layers. Shape: (1, width) -> (n, width).
fn on_rows(row: &Tensor, n: usize) -> Result<Tensor> {
    let ones = Tensor::ones((n, 1), row.dtype(), row.device())?;
    ones.apply_op2(row, GivenProduct)
}

/// Mean of all rows, as a product for the same reason. Shape: (n, width) -> (1, width).
fn mean_row(x: &Tensor) -> Result<Tensor> {
    let n = x.dim(0)?;
    let shares = Tensor::full(1.0 / n as f64, (1, n), x.device())?;
    shares.to_dtype(x.dtype())?.apply_op2(x, GivenProduct)
}

/// Dice, the activation of DIN (Zhou et al. 2018, arXiv 1706.06978, section 5.3): a PReLU
/// whose turning point follows the data.
pub struct Dice {
    alpha: Var,
    mean: Var,
    variance: Var,
}

/// Added to variances.
const DICE_EPS: f64 = 1e-8;
/// Share of a batch in what is tracked.
const MOMENTUM: f64 = 0.1;

impl Dice {
    /// # Errors
    /// candle's.
    pub fn new(weights: &mut ModelWeights, width: usize) -> Result<Self> {
        let zeros = weights.constant(width, 0.0)?;
        Ok(Dice {
            alpha: weights.learn(&zeros)?,
            mean: weights.track(width, 0.0)?,
            variance: weights.track(width, 1.0)?,
        })
    }

    /// Shape: (n, width) -> the same.
    ///
    /// # Errors
    /// candle's.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let n = x.dim(0)?;
        let (centred, variance) = match mode {
            Mode::Learn => {
                let mean = mean_row(x)?;
                let centred = (x - on_rows(&mean, n)?)?;
                let variance = mean_row(&centred.sqr()?)?;
                follow(&self.mean, &mean)?;
                follow(&self.variance, &variance)?;
                (centred, variance)
            }
            Mode::Predict => {
                let mean = self.mean.as_tensor().unsqueeze(0)?;
                let variance = self.variance.as_tensor().unsqueeze(0)?;
                ((x - on_rows(&mean, n)?)?, variance)
            }
        };
        let scale = (variance + DICE_EPS)?.sqrt()?.recip()?;
        let normed = (centred * on_rows(&scale, n)?)?;
        let gate = candle_nn::ops::sigmoid(&normed)?;
        let low = (x * on_rows(&self.alpha.as_tensor().unsqueeze(0)?, n)?)?;
        // p x + (1 - p) alpha x
        (&gate * (x - &low)?)? + low
    }
}

fn follow(tracked: &Var, batch: &Tensor) -> Result<()> {
    let batch = batch.detach().squeeze(0)?;
    let kept = (tracked.as_tensor() * (1.0 - MOMENTUM))?;
    tracked.set(&(kept + (batch * MOMENTUM)?)?)
}

/// Mixture of experts with a softmax gate, by which KAR (Xi et al. 2023, arXiv 2306.10933)
/// and TRAWL bring knowledge into a click model.
pub struct Adaptor {
    experts: DenseLayer,
    gate: DenseLayer,
}

/// Experts of an adaptor.
const N_EXPERTS: usize = 2;
/// Width of what an adaptor gives.
pub const ADAPTED: usize = 64;

impl Adaptor {
    /// # Errors
    /// candle's.
    pub fn new(weights: &mut ModelWeights, n_in: usize) -> Result<Self> {
        Ok(Adaptor {
            experts: DenseLayer::new(weights, n_in, N_EXPERTS * ADAPTED)?,
            gate: DenseLayer::new(weights, n_in, N_EXPERTS)?,
        })
    }

    /// Of vectors that are given. Shape: (n, in) -> (n, [`ADAPTED`]).
    ///
    /// # Errors
    /// candle's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let n = x.dim(0)?;
        let experts = self.experts.forward_given(x)?.relu()?;
        let experts = experts.reshape((n, N_EXPERTS, ADAPTED))?;
        let gate = candle_nn::ops::softmax(&self.gate.forward_given(x)?, 1)?;
        gate.unsqueeze(1)?.matmul(&experts)?.squeeze(1)
    }
}

/// Mean of the negative log-likelihood, from scores before the sigmoid. Shape: (n), (n) -> ().
///
/// # Errors
/// candle's.
pub fn click_loss(scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
    // log(1 + e^-|x|) + max(x, 0) - x y
    let soft = ((scores.abs()?.neg()?.exp()? + 1.0)?).log()?;
    let hard = (scores.relu()? - (scores * labels)?)?;
    (soft + hard)?.mean_all()
}
