//! Everything wrong with a set of files, reported at once: nobody wants to fix a
//! catalog one error at a time.

use color_eyre::eyre::{Report, eyre};

/// How many faults are spelled out; the rest are counted.
pub(crate) const N_SHOWN: usize = 10;

#[derive(Debug)]
struct Fault {
    file: String,
    line: u64,
    what: String,
}

/// Bad lines of one or more files.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
}

impl Faults {
    /// `line` counts from 1, the header included.
    pub(crate) fn add(&mut self, file: &str, line: u64, what: impl Into<String>) {
        self.faults.push(Fault {
            file: file.to_owned(),
            line,
            what: what.into(),
        });
    }

    /// `Ok` if there was no fault; else one error with the first few lines of
    /// each file in turn, and the count.
    pub(crate) fn into_result(mut self, subject: &str) -> Result<(), Report> {
        let n_total = self.faults.len();
        if n_total == 0 {
            return Ok(());
        }
        let mut files: Vec<String> = Vec::new();
        for fault in &self.faults {
            if !files.contains(&fault.file) {
                files.push(fault.file.clone());
            }
        }
        let rank = |fault: &Fault| files.iter().position(|file| *file == fault.file);
        self.faults.sort_by_key(|fault| (rank(fault), fault.line));
        let lines = if n_total == 1 { "line" } else { "lines" };
        let mut message = format!(
            "{subject}: {n_total} bad {lines}, so nothing was loaded; correct them and try again"
        );
        for fault in self.faults.iter().take(N_SHOWN) {
            message.push_str(&format!(
                "\n  {}:{}: {}",
                fault.file, fault.line, fault.what
            ));
        }
        if n_total > N_SHOWN {
            message.push_str(&format!("\n  and {} more", n_total - N_SHOWN));
        }
        Err(eyre!(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_by_file_and_line_and_the_rest_is_counted() {
        let mut faults = Faults::default();
        faults.add("b.csv", 40, "late");
        for line in (1..=11).rev() {
            faults.add("a.csv", line, "bad");
        }
        faults.add("b.csv", 3, "early");
        let message = faults
            .into_result("catalog x")
            .expect_err("faults")
            .to_string();
        let lines: Vec<&str> = message.lines().collect();
        assert!(lines[0].starts_with("catalog x: 13 bad lines"), "{message}");
        assert_eq!(
            lines[1..4],
            ["  b.csv:3: early", "  b.csv:40: late", "  a.csv:1: bad"]
        );
        assert_eq!(lines[11], "  and 3 more");
    }
}
