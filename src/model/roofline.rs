//! The roofline of a forward pass on this machine: reading its weights once, and the
//! multiplications of its rows at the kernel's speed on cached data.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::kernels::Cpu;
use super::kernels::activation::{Activations, Forms, Input};
use super::kernels::matmul::tile_product;
use super::kernels::pack::{Format, Packed};
use super::kernels::tile::{Ahead, TileOut, TileRows};

/// Measured bounds, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Roofline {
    /// Reading all packed weights once.
    pub(crate) memory_ms: f32,
    /// The multiply-adds of one row.
    pub(crate) arithmetic_ms_a_row: f32,
}

impl Roofline {
    /// For a pass of `n` rows: the larger one.
    pub(crate) fn ms(&self, n: usize) -> f32 {
        self.memory_ms.max(self.arithmetic_ms_a_row * n as f32)
    }
}

/// Measures both: the best of a few attempts.
pub(crate) fn measure(matrices: &[&Packed], cpu: &Cpu) -> Roofline {
    let best = |work: &dyn Fn()| {
        let times = (0..7).map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f32() * 1000.0
        });
        times.fold(f32::INFINITY, f32::min)
    };
    let macs: usize = matrices.iter().map(|m| m.out_dim * m.in_dim).sum();
    let (tile, tile_macs) = (
        CachedTile::new(cpu),
        CachedTile::MACS * cpu.isa.rows_at_once(),
    );
    let rounds = 200;
    let tile_ms = best(&|| cpu.pool.run(cpu.pool.threads(), |_| tile.multiply(rounds)));
    let rate = (rounds * tile_macs * cpu.pool.threads()) as f32 / tile_ms;
    Roofline {
        memory_ms: best(&|| read(matrices, cpu)),
        arithmetic_ms_a_row: macs as f32 / rate,
    }
}

/// Touches every cache line of the weights, spread over the threads.
fn read(matrices: &[&Packed], cpu: &Cpu) {
    const PIECE: usize = 256 << 10;
    let pieces: Vec<&[u8]> = matrices
        .iter()
        .flat_map(|m| m.data().chunks(PIECE))
        .collect();
    let total = AtomicU64::new(0);
    cpu.pool.run(pieces.len(), |i| {
        let lines = pieces[i].chunks_exact(64);
        let words = lines.map(|line| u64::from_le_bytes(line[..8].try_into().unwrap_or_default()));
        total.fetch_xor(words.fold(0, |a, b| a ^ b), Ordering::Relaxed);
    });
    std::hint::black_box(total);
}

/// A tile and rows of activations that stay in the cache.
struct CachedTile {
    packed: Packed,
    acts: Activations,
    isa: super::kernels::Isa,
}

impl CachedTile {
    const IN_DIM: usize = 576;
    const MACS: usize = 16 * Self::IN_DIM;

    fn new(cpu: &Cpu) -> Self {
        let forms = Forms {
            plain: false,
            quantized: true,
        };
        let rows = vec![1.0; cpu.isa.rows_at_once() * Self::IN_DIM];
        CachedTile {
            packed: Packed::zeros(Format::Q4F16, 16, Self::IN_DIM),
            acts: Activations::prepare(Input::Plain(&rows), Self::IN_DIM, forms, cpu),
            isa: cpu.isa,
        }
    }

    fn multiply(&self, rounds: usize) {
        let mut out = TileOut::default();
        for _ in 0..rounds {
            let rows = TileRows {
                acts: &self.acts,
                first: 0,
                n: self.acts.rows,
                ahead: Ahead {
                    next: self.packed.tile(0),
                    ..Ahead::NONE
                },
            };
            tile_product(self.isa, &self.packed, 0, rows, &mut out);
            std::hint::black_box(&mut out);
        }
    }
}
