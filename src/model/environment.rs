//! The environment for fetching: folders, endpoint, token, programs. Read from the
//! process once, so that everything else (and every test) gets it as a plain value.

use std::ffi::OsString;
use std::path::PathBuf;

use color_eyre::eyre::{Result, WrapErr};
use etcetera::BaseStrategy;

/// Where models are searched and stored, and how the network is reached.
#[derive(Clone, Debug)]
pub struct FetchEnv {
    /// this program's own model folder
    pub own_cache: PathBuf,
    /// the Hugging Face cache, `hub` folder included
    pub hub_cache: PathBuf,
    /// the hub's address, no slash at the end
    pub endpoint: String,
    /// sent to the endpoint's host only
    pub token: Option<String>,
    /// `HF_HUB_OFFLINE`: the hub is not contacted
    pub hub_offline: bool,
    /// the proxy for the hub
    pub proxy: Option<ureq::Proxy>,
    /// commands for pip, the first that starts is used
    pub pip_commands: Vec<Vec<OsString>>,
    /// additional arguments for it
    pub pip_arguments: Vec<OsString>,
}

const HUB: &str = "https://huggingface.co";

impl FetchEnv {
    /// Reads the process environment: `LASERSCOPE_CACHE`, `HF_HOME`,
    /// `HF_HUB_CACHE`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`, the proxy
    /// variables, and the token file that `hf auth login` leaves.
    ///
    /// # Errors
    /// If there is neither a home folder nor the variables that replace it.
    pub fn from_process() -> Result<Self> {
        let own_root = match variable("LASERSCOPE_CACHE") {
            Some(root) => PathBuf::from(root),
            None => user_cache("LASERSCOPE_CACHE")?.join("laserscope"),
        };
        let hub_home = match variable("HF_HOME") {
            Some(home) => PathBuf::from(home),
            None => user_cache("HF_HOME")?.join("huggingface"),
        };
        let hub_cache = variable("HF_HUB_CACHE").map(PathBuf::from);
        let token = text_variable("HF_TOKEN");
        Ok(Self {
            own_cache: own_root.join("models"),
            token: token.or_else(|| hf_hub::Cache::new(hub_home.join("hub")).token()),
            hub_cache: hub_cache.unwrap_or_else(|| hub_home.join("hub")),
            endpoint: endpoint(text_variable("HF_ENDPOINT")),
            hub_offline: text_variable("HF_HUB_OFFLINE").is_some_and(|value| is_yes(&value)),
            proxy: ureq::Proxy::try_from_env(),
            pip_commands: pip_commands(),
            pip_arguments: pip_arguments(),
        })
    }
}

impl FetchEnv {
    /// A text without the user and the password that the hub's address may hold.
    pub(crate) fn without_credentials(&self, text: &str) -> String {
        match credentials(&self.endpoint) {
            Some(credentials) => text.replace(credentials, ""),
            None => text.to_owned(),
        }
    }
}

/// `user:password@`, as it stands in an address.
fn credentials(address: &str) -> Option<&str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(&authority[..=authority.rfind('@')?])
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text_variable(name: &str) -> Option<String> {
    let value = variable(name)?.into_string().ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn user_cache(instead: &str) -> Result<PathBuf> {
    let folders = etcetera::choose_base_strategy()
        .wrap_err_with(|| format!("finding your home folder (or set {instead})"))?;
    Ok(folders.cache_dir())
}

fn endpoint(set: Option<String>) -> String {
    let address = set.unwrap_or_else(|| HUB.to_owned());
    address.trim_end_matches('/').to_owned()
}

fn is_yes(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    matches!(value.as_str(), "1" | "true" | "yes" | "on")
}

fn pip_commands() -> Vec<Vec<OsString>> {
    let commands: [&[&str]; 3] = [
        &["pip"],
        &["python3", "-m", "pip"],
        &["python", "-m", "pip"],
    ];
    let owned = |command: &[&str]| command.iter().map(OsString::from).collect();
    commands.into_iter().map(owned).collect()
}

fn pip_arguments() -> Vec<OsString> {
    let mut arguments = vec!["--retries", "1"];
    // A timeout that the user set for pip takes precedence.
    if variable("PIP_DEFAULT_TIMEOUT").is_none() {
        arguments.extend(["--timeout", "15"]);
    }
    arguments.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::{HUB, credentials, endpoint, is_yes};

    #[test]
    fn credentials_are_what_stands_before_the_host() {
        let of = |address| credentials(address);
        assert_eq!(of("https://ann:p@ss@mirror.example/hub"), Some("ann:p@ss@"));
        assert_eq!(of("ann@mirror.example"), Some("ann@"));
        assert_eq!(of("https://mirror.example/a@b"), None);
    }

    #[test]
    fn an_endpoint_has_no_slash_at_its_end() {
        assert_eq!(endpoint(None), HUB);
        let mirror = endpoint(Some("http://mirror.example/".to_owned()));
        assert_eq!(mirror, "http://mirror.example");
    }

    #[test]
    fn yes_is_written_in_several_ways() {
        assert!(["1", "TRUE", "yes", "on"].into_iter().all(is_yes));
        assert!(["0", "false", "no", ""].into_iter().all(|v| !is_yes(v)));
    }
}
