//! CPU kernels as candle custom ops. Each computes an output row with the same
//! operations in the same order regardless of other rows and of the number of threads,
//! so that verifying a draft tree gives the same bits as decoding token by token.

pub mod activation;
pub(crate) mod attention;
mod attention_plan;
mod attention_tiles;
mod attention_view;
pub(crate) mod blocks;
pub mod elementwise;
pub mod kv;
pub(crate) mod kv_memory;
pub mod linear;
pub(crate) mod matmul;
pub mod pack;
mod region;
pub(crate) mod slab;
pub(crate) mod softmax;
mod storage;
mod sync;
pub(crate) mod thread_pool;
pub(crate) mod tile;
#[cfg(target_arch = "x86_64")]
mod x86_activation;
#[cfg(target_arch = "x86_64")]
mod x86_amx;
#[cfg(target_arch = "x86_64")]
mod x86_attention;
#[cfg(target_arch = "x86_64")]
mod x86_block;
#[cfg(target_arch = "x86_64")]
mod x86_narrow;
#[cfg(target_arch = "x86_64")]
mod x86_wide;

use std::sync::OnceLock;

use strum::VariantArray;
use thread_pool::ThreadPool;

/// What the kernels run on.
pub struct Cpu {
    pub(crate) pool: ThreadPool,
    pub(crate) isa: Isa,
}

impl Cpu {
    /// The best instructions of this processor, with this many threads.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        Ok(Cpu {
            pool: ThreadPool::new(threads)?,
            isa: Isa::detect(),
        })
    }

    /// The same on chosen instructions; the processor must have them.
    pub fn with_isa(mut self, isa: Isa) -> Self {
        self.isa = isa;
        self
    }
}

/// The instruction sets of the kernels, the best one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum Isa {
    /// Plain Rust that vectorises on its own.
    Portable,
    /// AVX2, FMA and F16C.
    Avx2,
    /// The same with AVX-VNNI dot products, as in recent client processors.
    AvxVnni,
    /// The same with the 256-bit dot products of AVX-512 VNNI.
    Vnni,
    /// 512-bit dot products of AVX-512 VNNI.
    Avx512,
    /// The same with AMX tiles for many rows.
    Amx,
}

impl Isa {
    /// The best one of this processor.
    pub fn detect() -> Self {
        static ISA: OnceLock<Isa> = OnceLock::new();
        *ISA.get_or_init(|| *Self::available().last().unwrap_or(&Isa::Portable))
    }

    /// All that this processor can run, the best one last.
    pub fn available() -> Vec<Self> {
        let mut all = Self::VARIANTS.to_vec();
        all.retain(|isa| isa.runs_here());
        all
    }

    #[cfg(target_arch = "x86_64")]
    fn runs_here(self) -> bool {
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        let avx512 = is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        match self {
            Isa::Portable => true,
            Isa::Avx2 => avx2,
            Isa::AvxVnni => avx2 && is_x86_feature_detected!("avxvnni"),
            Isa::Vnni | Isa::Avx512 => avx2 && avx512,
            Isa::Amx => avx2 && avx512 && x86_amx::available() == Ok(true),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn runs_here(self) -> bool {
        self == Isa::Portable
    }

    /// Why instructions of the processor are not used.
    pub(crate) fn note() -> Option<String> {
        #[cfg(target_arch = "x86_64")]
        if let Err(why) = x86_amx::available() {
            return Some(format!("{why}; running on AVX-512 VNNI without it"));
        }
        None
    }

    /// Rows multiplied per pass over a tile of weights.
    pub(crate) fn rows_at_once(self) -> usize {
        match self {
            Isa::Amx => tile::ROWS_AT_ONCE,
            _ => activation::GROUP,
        }
    }

    /// Whether code for AVX2 and FMA can run.
    pub(crate) fn has_avx2(self) -> bool {
        self != Isa::Portable
    }

    /// As trace headers and `bench forward` say it.
    pub fn name(&self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "AVX2",
            Isa::AvxVnni => "AVX2, AVX-VNNI",
            Isa::Vnni => "AVX2, VNNI",
            Isa::Avx512 => "AVX-512 VNNI",
            Isa::Amx => "AVX-512 VNNI, AMX",
        }
    }
}

/// The widest vectors for plain code, which is compiled for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vectors {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F and BW.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Vectors {
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn detect() -> Self {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            Vectors::Avx512
        } else if is_x86_feature_detected!("avx2") {
            Vectors::Avx2
        } else {
            Vectors::Plain
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect() -> Self {
        Vectors::Plain
    }
}

impl std::str::FromStr for Isa {
    type Err = String;

    /// `portable`, `avx2`, `avx-vnni`, `vnni`, `avx512` or `amx`, if it runs here.
    fn from_str(text: &str) -> Result<Self, String> {
        let isa = match text {
            "portable" => Isa::Portable,
            "avx2" => Isa::Avx2,
            "avx-vnni" => Isa::AvxVnni,
            "vnni" => Isa::Vnni,
            "avx512" => Isa::Avx512,
            "amx" => Isa::Amx,
            _ => {
                return Err(format!(
                    "`{text}`: must be portable, avx2, avx-vnni, vnni, avx512 or amx"
                ));
            }
        };
        match isa.runs_here() {
            true => Ok(isa),
            false => Err(format!("`{text}`: this processor does not have it")),
        }
    }
}
