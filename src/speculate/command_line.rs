//! The command line that makes a run again: every parameter, written out, so that
//! no configuration file changes it.
//!
//! Knows the options' names; the command line's own definitions are tested
//! against it.

use super::params::{Budget, Params, Source, SourceWeights, Sources, Verify};
use super::trace::Header;

/// `laserscope generate --item i101 --verify ..`; what was asked of the model and
/// the catalog is not in a header and is added by who knows it.
pub fn command_line(header: &Header) -> String {
    let subject = &header.subject;
    let whom = match subject.kind.as_str() {
        "item" | "user" => format!("--{} {}", subject.kind, quoted(&subject.id)),
        _ => format!("--prompt {}", quoted(&subject.title)),
    };
    let framework = match subject.framework.as_str() {
        "none" | "" | "kar" => String::new(),
        name => format!(" --framework {}", quoted(name)),
    };
    format!(
        "laserscope generate {whom}{framework} {}",
        options(&header.params)
    )
}

/// The parameters as options.
pub fn options(params: &Params) -> String {
    let mut words = rule(&params.verify);
    let mut push = |option: &str, value: String| words.push(format!("--{option} {value}"));
    push("budget", budget(params.budget));
    push("branch", params.branch.to_string());
    push("sources", sources(params.sources));
    if !params.source_weights.is_default() {
        push("source-weights", weights(params.source_weights));
    }
    push("drafter", params.drafter.name().to_string());
    push("repeat-penalty", params.repeat_penalty.to_string());
    push("repeat-window", params.repeat_window.to_string());
    push("max-tokens", params.max_tokens.to_string());
    if let Some(sampling) = params.sampling {
        push("temperature", sampling.temperature.to_string());
        push("seed", sampling.seed.to_string());
        if let Some(k) = sampling.top_k {
            push("top-k", k.to_string());
        }
        if let Some(p) = sampling.top_p {
            push("top-p", p.to_string());
        }
    }
    words.join(" ")
}

fn rule(verify: &Verify) -> Vec<String> {
    let name = format!("--verify {}", verify.name());
    match *verify {
        Verify::Autoregressive | Verify::Strict => vec![name],
        Verify::Relaxed { k, tau } => vec![name, format!("--k {k} --tau {tau}")],
        Verify::Ratio { k, r } => vec![name, format!("--k {k} --ratio {r}")],
        Verify::Typical { eps, delta } => vec![name, format!("--eps {eps} --delta {delta}")],
    }
}

fn budget(budget: Budget) -> String {
    match budget {
        Budget::Auto { .. } => "auto".into(),
        Budget::Rows(n) => n.to_string(),
    }
}

fn sources(sources: Sources) -> String {
    let on = Source::ALL.into_iter().filter(|&s| sources.has(s));
    let names: Vec<&str> = on.map(|s| s.name()).collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(",")
    }
}

fn weights(w: SourceWeights) -> String {
    format!("group={},global={},local={}", w.group, w.global, w.local)
}

/// As a POSIX shell takes it for one word.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("i101"), "i101");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("what's new?"), r"'what'\''s new?'");
    }

    #[test]
    fn every_parameter_is_written_out() {
        assert_eq!(
            options(&Params::default()),
            "--verify relaxed --k 2 --tau 0.1 --budget auto --branch 12 --sources group,global,local \
             --drafter blend --repeat-penalty 1.1 --repeat-window 64 --max-tokens 256"
        );
    }
}
