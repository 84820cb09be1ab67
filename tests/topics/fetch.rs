//! Fetching a model, against a server on this machine. Nothing here uses the
//! network, the user's folders or the process environment.

mod bench;
mod chain;
mod checkpoint;
mod fake_hub;
mod hub;
mod integrity;
#[cfg(unix)]
mod package;
