//! Expands `~` in the paths of a configuration file, as a shell does on the command line.

use std::path::{Path, PathBuf};

/// The path under the user's home folder, where it begins with `~` alone or
/// before a separator; any other path as it is.
pub(crate) fn expanded(path: &str, home: Option<&Path>) -> PathBuf {
    let rest = path.strip_prefix('~');
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']));
    match (rest, home) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches(['/', '\\'])),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_folder_where_a_shell_says_so() {
        let home = Path::new("/home/someone");
        let of = |path| expanded(path, Some(home));
        assert_eq!(of("~/models/a.gguf"), home.join("models/a.gguf"));
        assert_eq!(of("~"), home);
        for path in ["models/~/a", "~other/a", "/a", "smollm2-135m", "a~"] {
            assert_eq!(of(path), Path::new(path));
        }
        assert_eq!(expanded("~/a", None), Path::new("~/a"));
    }
}
