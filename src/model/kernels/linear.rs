//! One or more packed matrices that share their input, as candle ops: a
//! projection, query, key and value in one parallel region, a gated pair. The
//! norm before a product and the addition after it are part of it.

use std::mem::MaybeUninit;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::Cpu;
use super::activation::{Activations, Forms, Input};
use super::elementwise::gate;
use super::matmul::tile_product;
use super::pack::{COLS, Format, Packed};
use super::storage::slice;
use super::thread_pool::DisjointSlices;
use super::tile::{Ahead, TileOut, TileRows};

/// What happens to a product.
#[derive(Clone, Copy)]
pub enum Finish<'a> {
    /// The concatenated outputs of the matrices: (n, out_dim).
    Store,
    /// The same, added to these rows.
    Add(&'a [f32]),
    /// Two matrices of one size: silu(first) * second, (n, out_dim / 2).
    Gate,
}

/// Packed matrices with concatenated outputs.
#[derive(Clone)]
pub struct PackedLinear {
    parts: Arc<Vec<Packed>>,
}

impl PackedLinear {
    /// # Errors
    /// Matrices of different input widths.
    pub fn new(parts: Vec<Packed>) -> Result<Self> {
        let in_dim = parts.first().map_or(0, |p| p.in_dim);
        if parts.iter().any(|p| p.in_dim != in_dim) {
            bail!("fused matrices must have the same input width");
        }
        Ok(PackedLinear {
            parts: Arc::new(parts),
        })
    }

    pub(crate) fn in_dim(&self) -> usize {
        self.parts.first().map_or(0, |p| p.in_dim)
    }

    pub(crate) fn out_dim(&self) -> usize {
        self.parts.iter().map(|p| p.out_dim).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.parts.iter().map(Packed::bytes).sum()
    }

    pub(crate) fn parts(&self) -> &[Packed] {
        &self.parts
    }

    /// Rows of the (first) matrix, unpacked: embeddings of a tied head.
    ///
    /// Shape: (ids, in_dim).
    pub(crate) fn rows(&self, ids: &[u32]) -> Vec<f32> {
        ids.iter()
            .flat_map(|&id| self.parts[0].row(id as usize))
            .collect()
    }

    /// norm(x) W^T, the rows' RMS norm of (scale, eps): (n, in_dim) -> (n,
    /// out_dim). `gated`, silu of the first matrix's output times the second's:
    /// (n, out_dim / 2).
    pub(crate) fn forward_normed(
        &self,
        x: &Tensor,
        norm: (&[f32], f32),
        gated: bool,
        cpu: &Cpu,
    ) -> Result<Tensor> {
        x.apply_op1_no_bwd(&NormedProduct {
            linear: self,
            cpu,
            norm,
            gated,
        })
    }

    /// x W^T + to. Shapes: (n, in_dim), (n, out_dim) -> (n, out_dim).
    pub(crate) fn forward_added(&self, x: &Tensor, to: &Tensor, cpu: &Cpu) -> Result<Tensor> {
        x.apply_op2_no_bwd(to, &AddedProduct { linear: self, cpu })
    }

    /// The product on plain slices. Shape: (n, in_dim) -> (n, out_dim), or half of it
    /// if gated.
    pub fn product(&self, input: Input<'_>, finish: Finish<'_>, cpu: &Cpu) -> Vec<f32> {
        self.product_into(Vec::new(), input, finish, cpu)
    }

    /// The same into reused memory: large outputs need no new pages.
    pub(crate) fn product_into(
        &self,
        mut y: Vec<f32>,
        input: Input<'_>,
        finish: Finish<'_>,
        cpu: &Cpu,
    ) -> Vec<f32> {
        let acts = Activations::prepare(input, self.in_dim(), self.forms(), cpu);
        let width = match finish {
            Finish::Gate => self.out_dim() / 2,
            _ => self.out_dim(),
        };
        y.clear();
        y.reserve(acts.rows * width);
        let all = &mut y.spare_capacity_mut()[..acts.rows * width];
        let out = DisjointSlices::new(all);
        let tasks = self.tasks(matches!(finish, Finish::Gate), cpu.pool.threads());
        let run = Run {
            linear: self,
            cpu,
            acts: &acts,
            finish,
            width,
            out: &out,
        };
        cpu.pool.run(tasks.len(), |task| run.task(&tasks[task]));
        // SAFETY: the tasks wrote every column of every row.
        unsafe { y.set_len(acts.rows * width) };
        y
    }

    fn forms(&self) -> Forms {
        let is_plain = |p: &Packed| p.format == Format::F32;
        Forms {
            plain: self.parts.iter().any(is_plain),
            quantized: !self.parts.iter().all(is_plain),
        }
    }

    /// Runs of tiles, at least two per thread, of about equal size. In a gated product,
    /// a run covers both matrices.
    fn tasks(&self, gated: bool, threads: usize) -> Vec<Task> {
        let share = (self.bytes() / (threads * 2)).clamp(16 << 10, 256 << 10);
        let mut tasks = Vec::new();
        let mut offset = 0;
        for (part, packed) in self.parts.iter().enumerate() {
            let bytes = packed.tile_bytes().max(1) * if gated { 2 } else { 1 };
            let tiles = (share / bytes).max(1);
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
            if gated {
                break;
            }
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

/// One product, shared by its tasks.
struct Run<'a> {
    linear: &'a PackedLinear,
    cpu: &'a Cpu,
    acts: &'a Activations,
    finish: Finish<'a>,
    /// Of an output row.
    width: usize,
    out: &'a DisjointSlices<MaybeUninit<f32>>,
}

impl Run<'_> {
    fn task(&self, task: &Task) {
        let packed = &self.linear.parts[task.part];
        let (mut result, mut other) = (TileOut::default(), TileOut::default());
        let isa = self.cpu.isa;
        for tile in task.first..task.last {
            let columns = COLS.min(packed.out_dim - tile * COLS);
            let column = task.offset + tile * COLS;
            let next = (tile + 1).min(task.last - 1);
            for first in (0..self.acts.rows).step_by(isa.rows_at_once()) {
                let rows = self.rows(first, packed.tile(next));
                tile_product(isa, packed, tile, rows, &mut result);
                if matches!(self.finish, Finish::Gate) {
                    let ups = &self.linear.parts[1];
                    let rows = self.rows(first, ups.tile(next));
                    tile_product(isa, ups, tile, rows, &mut other);
                    gate(isa, &mut result[..rows.n], &other[..rows.n]);
                }
                self.write((first, rows.n), column, columns, &result);
            }
        }
    }

    /// The rows of the pass that begins with row `first`, and the next tile.
    fn rows<'a>(&'a self, first: usize, next: &'a [u8]) -> TileRows<'a> {
        let (all, at_once) = (self.acts.rows, self.cpu.isa.rows_at_once());
        TileRows {
            acts: self.acts,
            first,
            n: at_once.min(all - first),
            ahead: Ahead {
                next,
                pass: first / at_once,
                passes: all.div_ceil(at_once),
            },
        }
    }

    fn write(&self, (first, n): (usize, usize), column: usize, columns: usize, result: &TileOut) {
        for (r, values) in result.iter().enumerate().take(n) {
            let from = (first + r) * self.width + column;
            // SAFETY: no other task has this tile's columns.
            let out = unsafe { self.out.slice(from, columns) };
            let mut values = *values;
            if let Finish::Add(rows) = self.finish {
                let rows = &rows[from..from + columns];
                values.iter_mut().zip(rows).for_each(|(v, row)| *v += row);
            }
            match <&mut [MaybeUninit<f32>; COLS]>::try_from(&mut *out) {
                Ok(whole) => *whole = values.map(MaybeUninit::new),
                Err(_) => out.iter_mut().zip(values).for_each(|(o, v)| {
                    o.write(v);
                }),
            }
        }
    }
}

/// The rows of an op's first argument, whose width must match the matrices.
fn rows_of(linear: &PackedLinear, layout: &Layout) -> Result<usize> {
    let (n, in_dim) = layout.shape().dims2()?;
    if in_dim != linear.in_dim() {
        bail!("input width {in_dim}, the weights have {}", linear.in_dim());
    }
    Ok(n)
}

struct NormedProduct<'a> {
    linear: &'a PackedLinear,
    cpu: &'a Cpu,
    norm: (&'a [f32], f32),
    gated: bool,
}

impl CustomOp1 for NormedProduct<'_> {
    fn name(&self) -> &'static str {
        "packed-linear-normed"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let n = rows_of(self.linear, layout)?;
        let rows = slice(storage, layout)?;
        let (scale, eps) = self.norm;
        let input = Input::Normed { rows, scale, eps };
        let finish = if self.gated {
            Finish::Gate
        } else {
            Finish::Store
        };
        let y = self.linear.product(input, finish, self.cpu);
        let shape = Shape::from((n, y.len() / n.max(1)));
        Ok((CpuStorage::F32(y), shape))
    }
}

struct AddedProduct<'a> {
    linear: &'a PackedLinear,
    cpu: &'a Cpu,
}

impl CustomOp2 for AddedProduct<'_> {
    fn name(&self) -> &'static str {
        "packed-linear-added"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        to: &CpuStorage,
        to_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let n = rows_of(self.linear, x_layout)?;
        let shape = Shape::from((n, self.linear.out_dim()));
        if to_layout.shape() != &shape {
            bail!("{:?} is not added to {shape:?}", to_layout.shape());
        }
        let input = Input::Plain(slice(x, x_layout)?);
        let finish = Finish::Add(slice(to, to_layout)?);
        let y = self.linear.product(input, finish, self.cpu);
        Ok((CpuStorage::F32(y), shape))
    }
}
