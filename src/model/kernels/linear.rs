//! One or more packed matrices that share their input, as a candle op: a
//! projection, or query, key and value in one parallel region.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::Isa;
use super::activation::Activations;
use super::matmul::{ROWS_AT_ONCE, Rows, tile_product};
use super::pack::{COLS, Format, Packed};

/// Packed matrices side by side: the output is their outputs, in order.
#[derive(Clone)]
pub struct PackedLinear {
    parts: Arc<Vec<Packed>>,
    isa: Isa,
}

impl PackedLinear {
    /// # Errors
    /// Matrices of different input widths.
    pub fn new(parts: Vec<Packed>) -> Result<Self> {
        let in_dim = parts.first().map_or(0, |p| p.in_dim);
        if parts.iter().any(|p| p.in_dim != in_dim) {
            bail!("matrices side by side must have one input width");
        }
        Ok(PackedLinear {
            parts: Arc::new(parts),
            isa: Isa::detect(),
        })
    }

    /// The same on a chosen path; the processor must have it.
    pub fn with_isa(mut self, isa: Isa) -> Self {
        self.isa = isa;
        self
    }

    pub fn in_dim(&self) -> usize {
        self.parts.first().map_or(0, |p| p.in_dim)
    }

    pub fn out_dim(&self) -> usize {
        self.parts.iter().map(|p| p.out_dim).sum()
    }

    pub fn bytes(&self) -> usize {
        self.parts.iter().map(Packed::bytes).sum()
    }

    /// Rows of the (first) matrix, unpacked: embeddings of a tied head.
    ///
    /// Shape: (ids, in_dim).
    pub fn rows(&self, ids: &[u32]) -> Vec<f32> {
        ids.iter()
            .flat_map(|&id| self.parts[0].row(id as usize))
            .collect()
    }

    /// x W^T. Shapes: (n, in_dim) -> (n, out_dim).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.apply_op1_no_bwd(self)
    }

    /// The same on plain slices.
    pub fn product(&self, x: &[f32]) -> Vec<f32> {
        let (in_dim, out_dim) = (self.in_dim(), self.out_dim());
        let n = x.len() / in_dim;
        let integer = self.parts.iter().any(|p| p.format != Format::F32);
        let quantized = Activations::quantize(if integer { x } else { &[] }, in_dim);
        let rows = Rows {
            plain: x,
            in_dim,
            quantized: &quantized,
        };
        let mut y = vec![0f32; n * out_dim];
        let out = Columns {
            data: y.as_mut_ptr(),
            out_dim,
        };
        let tasks = self.tasks();
        tasks
            .into_par_iter()
            .for_each(|task| self.run(&task, &rows, n, &out));
        y
    }

    fn run(&self, task: &Task, rows: &Rows<'_>, n: usize, out: &Columns) {
        let packed = &self.parts[task.part];
        for tile in task.first..task.last {
            let width = COLS.min(packed.out_dim - tile * COLS);
            for first in (0..n).step_by(ROWS_AT_ONCE) {
                let at_once = ROWS_AT_ONCE.min(n - first);
                let result = tile_product(self.isa, packed, tile, rows, first, at_once);
                for (r, values) in result.iter().enumerate().take(at_once) {
                    let column = task.offset + tile * COLS;
                    // SAFETY: no other task has this tile's columns.
                    unsafe { out.write(first + r, column, &values[..width]) };
                }
            }
        }
    }

    /// Runs of tiles, a few per thread, that hold about equally many bytes.
    fn tasks(&self) -> Vec<Task> {
        let threads = rayon::current_num_threads();
        let share = (self.bytes() / (threads * 4)).max(16 << 10);
        let mut tasks = Vec::new();
        let mut offset = 0;
        for (part, packed) in self.parts.iter().enumerate() {
            let tiles = (share / packed.tile_bytes().max(1)).max(1);
            for first in (0..packed.n_tiles()).step_by(tiles) {
                let last = packed.n_tiles().min(first + tiles);
                tasks.push(Task {
                    part,
                    first,
                    last,
                    offset,
                });
            }
            offset += packed.out_dim;
        }
        tasks
    }
}

struct Task {
    part: usize,
    first: usize,
    last: usize,
    /// First output column of the part.
    offset: usize,
}

/// The output, written column by column from several threads.
struct Columns {
    data: *mut f32,
    out_dim: usize,
}

// SAFETY: tasks write disjoint columns.
unsafe impl Sync for Columns {}

impl Columns {
    /// # Safety
    /// (row, column..column + values.len()) is inside the output, and nobody
    /// else touches it.
    unsafe fn write(&self, row: usize, column: usize, values: &[f32]) {
        unsafe {
            let to = self.data.add(row * self.out_dim + column);
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, values.len());
        }
    }
}

/// A contiguous f32 argument of a custom op.
pub fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&storage.as_slice::<f32>()?[from..to]),
        None => bail!("this op takes contiguous tensors"),
    }
}

impl CustomOp1 for PackedLinear {
    fn name(&self) -> &'static str {
        "packed-linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(storage, layout)?;
        let (n, in_dim) = layout.shape().dims2()?;
        if in_dim != self.in_dim() {
            bail!("input width {in_dim}, the weights have {}", self.in_dim());
        }
        Ok((
            CpuStorage::F32(self.product(x)),
            Shape::from((n, self.out_dim())),
        ))
    }
}
