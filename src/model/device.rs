//! The device of the model: the choice, what this build and machine offer, and the
//! command to build for more.

use std::process::Command;

use candle_core::Device;
use color_eyre::eyre::{Result, bail, eyre};

/// `--device`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU, by our kernels.
    Cpu,
    /// An NVIDIA GPU by its number.
    Cuda(usize),
    /// Apple's GPU.
    Metal,
}

impl std::str::FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Cuda(0)),
            "metal" => Ok(DeviceChoice::Metal),
            other => other
                .strip_prefix("cuda:")
                .and_then(|n| n.parse().ok())
                .map(DeviceChoice::Cuda)
                .ok_or_else(|| format!("`{other}`: must be auto, cpu, cuda, cuda:N or metal")),
        }
    }
}

/// An opened device.
pub(crate) struct Opened {
    pub(crate) device: Device,
    /// For display: `cpu (AVX2, 2 threads)`.
    pub(crate) label: String,
    /// A note for the user: a GPU that this build cannot use.
    pub(crate) note: Option<String>,
    /// `None` if unknown.
    pub(crate) memory: Option<Memory>,
}

/// Bytes of the memory that weights are loaded into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) free: u64,
    pub(crate) total: u64,
}

/// Opens the device; `auto` takes a GPU when the build has one.
///
/// # Errors
/// A device that this build or machine does not have; the message says what to do.
pub(crate) fn open(choice: DeviceChoice, threads: usize) -> Result<Opened> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu(threads, None)),
        DeviceChoice::Cuda(n) => cuda(n),
        DeviceChoice::Metal => metal(),
        DeviceChoice::Auto => Ok(auto(threads)),
    }
}

fn auto(threads: usize) -> Opened {
    if candle_core::utils::cuda_is_available() {
        return cuda(0).unwrap_or_else(|e| cpu(threads, Some(format!("{e}; running on the CPU"))));
    }
    if candle_core::utils::metal_is_available() {
        return metal().unwrap_or_else(|e| cpu(threads, Some(format!("{e}; running on the CPU"))));
    }
    let note = nvidia_gpu().map(|gpu| {
        format!(
            "{} found, but this build is for the CPU; to use the GPU: {}",
            gpu.name,
            gpu.rebuild()
        )
    });
    cpu(threads, note)
}

fn cpu(threads: usize, note: Option<String>) -> Opened {
    let isa = super::kernels::Isa::detect().name();
    let label = format!(
        "cpu ({isa}, {threads} thread{})",
        if threads == 1 { "" } else { "s" }
    );
    Opened {
        device: Device::Cpu,
        label,
        note: note.or_else(super::kernels::Isa::note),
        memory: memory(),
    }
}

fn cuda(n: usize) -> Result<Opened> {
    if !candle_core::utils::cuda_is_available() {
        let command = nvidia_gpu().unwrap_or_default().rebuild();
        bail!("--device cuda: this build has no CUDA support. Build with: {command}");
    }
    let device = open_cuda(n)
        .map_err(|e| eyre!("--device cuda:{n}: {e}. `nvidia-smi` lists the available GPUs"))?;
    let card = card(&device);
    let name = card.name.map_or(String::new(), |name| format!(" ({name})"));
    Ok(Opened {
        device,
        label: format!("cuda:{n}{name}"),
        note: None,
        memory: card.memory,
    })
}

/// One stream for all threads, and freed memory kept for the next pass: a pass is
/// hundreds of short kernels, and the gaps between them dominate its cost.
#[cfg(feature = "cuda")]
fn open_cuda(n: usize) -> candle_core::Result<Device> {
    use candle_core::cuda::WrapErr;
    use candle_core::cuda::cudarc::driver::{result, sys};

    let device = Device::new_cuda_with_stream(n)?;
    // SAFETY: everything on this device is on its one stream, whose order is all that
    // events would guarantee.
    unsafe { device.as_cuda_device()?.disable_event_tracking() };
    let mut all = u64::MAX;
    let keep = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    let of = result::device::get(n as i32).w()?;
    // SAFETY: the device and its pool exist, and the attribute is a u64.
    unsafe {
        let pool = result::device::get_default_mem_pool(of).w()?;
        result::mem_pool::set_attribute(pool, keep, (&raw mut all).cast()).w()?;
    }
    Ok(device)
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(n: usize) -> candle_core::Result<Device> {
    Device::new_cuda(n)
}

/// What the driver reports about a card.
#[derive(Default)]
struct Card {
    /// `NVIDIA H200`
    name: Option<String>,
    memory: Option<Memory>,
}

#[cfg(feature = "cuda")]
fn card(device: &Device) -> Card {
    let Ok(cuda) = device.as_cuda_device() else {
        return Card::default();
    };
    let stream = cuda.cuda_stream();
    let memory = stream.context().mem_get_info().ok();
    Card {
        name: stream.context().name().ok(),
        memory: memory.map(|(free, total)| Memory {
            free: free as u64,
            total: total as u64,
        }),
    }
}

#[cfg(not(feature = "cuda"))]
fn card(_: &Device) -> Card {
    Card::default()
}

fn metal() -> Result<Opened> {
    if !candle_core::utils::metal_is_available() {
        bail!("--device metal: Metal is only available on macOS. Use --device cpu");
    }
    let device =
        Device::new_metal(0).map_err(|e| eyre!("--device metal: {e}. Use --device cpu"))?;
    Ok(Opened {
        device,
        label: "metal".into(),
        note: None,
        memory: None,
    })
}

/// An NVIDIA GPU, whether or not this build can use it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NvidiaGpu {
    name: String,
    /// `9.0`, as nvidia-smi prints it.
    compute_cap: Option<String>,
}

impl Default for NvidiaGpu {
    fn default() -> Self {
        NvidiaGpu {
            name: "an NVIDIA GPU".into(),
            compute_cap: None,
        }
    }
}

impl NvidiaGpu {
    fn parse(line: &str) -> Option<Self> {
        let (name, cap) = line.trim().rsplit_once(',')?;
        let cap = cap.trim();
        let known = !cap.is_empty() && cap.chars().all(|c| c.is_ascii_digit() || c == '.');
        let compute_cap = known.then(|| cap.to_string());
        Some(NvidiaGpu {
            name: name.trim().to_string(),
            compute_cap,
        })
    }

    /// The command that builds for it.
    fn rebuild(&self) -> String {
        let build = "cargo run --release --features cuda";
        match &self.compute_cap {
            Some(cap) => format!("CUDA_COMPUTE_CAP={} {build}", cap.replace('.', "")),
            None => build.to_string(),
        }
    }
}

fn nvidia_gpu() -> Option<NvidiaGpu> {
    let query = ["--query-gpu=name,compute_cap", "--format=csv,noheader"];
    let output = Command::new("nvidia-smi").args(query).output().ok();
    let listed = output.filter(|o| o.status.success()).and_then(|o| {
        String::from_utf8_lossy(&o.stdout)
            .lines()
            .next()
            .and_then(NvidiaGpu::parse)
    });
    let driver = || std::path::Path::new("/proc/driver/nvidia/gpus").exists();
    listed.or_else(|| driver().then(NvidiaGpu::default))
}

/// Bytes of memory available to programs; `None` if unknown.
pub(crate) fn available_memory() -> Option<u64> {
    memory().map(|memory| memory.free)
}

/// The machine's total memory.
fn memory() -> Option<Memory> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let bytes = |name: &str| {
        let line = info.lines().find(|l| l.starts_with(name))?;
        let kib = line.split_whitespace().nth(1)?.parse::<u64>().ok()?;
        Some(kib * 1024)
    };
    Some(Memory {
        free: bytes("MemAvailable:")?,
        total: bytes("MemTotal:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_choices() {
        assert_eq!("auto".parse(), Ok(DeviceChoice::Auto));
        assert_eq!("cuda:3".parse(), Ok(DeviceChoice::Cuda(3)));
        assert!(
            "gpu"
                .parse::<DeviceChoice>()
                .unwrap_err()
                .contains("cuda:N")
        );
    }

    #[test]
    fn names_the_command_for_the_gpu_found() {
        let gpu = NvidiaGpu::parse("NVIDIA GeForce RTX 4090, 8.9").unwrap();
        assert_eq!(gpu.name, "NVIDIA GeForce RTX 4090");
        assert_eq!(
            gpu.rebuild(),
            "CUDA_COMPUTE_CAP=89 cargo run --release --features cuda"
        );
        let old = NvidiaGpu::parse("Tesla K80, [N/A]").unwrap();
        assert_eq!(old.rebuild(), "cargo run --release --features cuda");
    }
}
