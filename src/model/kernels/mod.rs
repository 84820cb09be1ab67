//! CPU kernels as candle custom ops. Each computes a row of its output with the
//! same operations in the same order whatever rows stand beside it and however
//! many threads run, so that verifying a draft tree gives the bits that
//! decoding token by token gives.

pub mod activation;
pub mod attention;
pub mod elementwise;
pub mod linear;
pub mod matmul;
pub mod pack;
#[cfg(target_arch = "x86_64")]
pub mod x86;

use std::sync::OnceLock;

/// Instruction sets the kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Plain Rust that vectorises on its own.
    Portable,
    /// AVX2, FMA and F16C.
    Avx2,
    /// The same with 256-bit VNNI dot products.
    Vnni,
}

impl Isa {
    /// The best one this processor has.
    pub fn detect() -> Self {
        static ISA: OnceLock<Isa> = OnceLock::new();
        *ISA.get_or_init(Self::probe)
    }

    #[cfg(target_arch = "x86_64")]
    fn probe() -> Self {
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        let vnni = is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl");
        match (avx2, vnni) {
            (true, true) => Isa::Vnni,
            (true, false) => Isa::Avx2,
            _ => Isa::Portable,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn probe() -> Self {
        Isa::Portable
    }

    /// Every one this processor can run, for tests.
    pub fn available() -> Vec<Self> {
        match Self::detect() {
            Isa::Vnni => vec![Isa::Portable, Isa::Avx2, Isa::Vnni],
            Isa::Avx2 => vec![Isa::Portable, Isa::Avx2],
            Isa::Portable => vec![Isa::Portable],
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "AVX2",
            Isa::Vnni => "AVX2+VNNI",
        }
    }
}
