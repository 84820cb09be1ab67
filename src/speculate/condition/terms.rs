//! The terms of conditions and their meanings; help and docs are made from this table.

/// A property that a step has or lacks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Word {
    /// A draft token was the model's own choice.
    Accepted,
    /// A token was committed only because of a lossy rule.
    Relaxed,
    /// A draft token was refused.
    Rejected,
    /// Another branch won.
    Lost,
    /// A draft token was never judged.
    Unreached,
    /// No draft token was committed.
    None,
    /// Retrieval found a draft.
    Hit,
    /// Retrieval found nothing.
    Miss,
    /// Parameters were changed before the step.
    Changed,
    /// The run ended in the step.
    Ended,
}

/// A number of a step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Number {
    /// The step's number, from 1.
    Step,
    /// Tokens committed, the bonus included.
    Committed,
    /// Draft tokens.
    Drafted,
    /// Draft tokens accepted.
    Accepted,
    /// Draft tokens accepted only by a lossy rule.
    Relaxed,
    /// Draft tokens refused.
    Rejected,
    /// Draft tokens on a branch that lost.
    Lost,
    /// Draft tokens never judged.
    Unreached,
    /// Rows of the forward pass.
    Rows,
    /// Longest branch of the tree, in tokens.
    Depth,
    /// Longest suffix found in a source, in tokens.
    Match,
    /// Milliseconds of the step.
    Ms,
    /// Milliseconds of retrieval.
    RetrieveMs,
    /// Milliseconds of the forward pass.
    ForwardMs,
    /// Milliseconds of verification.
    VerifyMs,
    /// Probability of a committed token.
    P,
    /// Rank of a committed token.
    Rank,
    /// Entropy of a committed token's distribution, in nats.
    Entropy,
}

/// A text of a step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Text {
    /// The text that ends in the step.
    Text,
    /// A committed token.
    Token,
    /// A draft token.
    Draft,
    /// A document that drafts came from.
    Doc,
}

impl Word {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Number {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Text {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A line of help: how it is written, and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    pub example: &'static str,
    pub about: &'static str,
}

const fn help(example: &'static str, about: &'static str) -> Help {
    Help { example, about }
}

/// Every term, in the order of help.
pub const HELP: [Help; 25] = [
    help("rejected", "a draft token was refused (also: rejection)"),
    help("relaxed", "one was committed only because of the rule"),
    help("accepted", "one was the model's own choice"),
    help("lost", "the rule would accept one, but another branch won"),
    help(
        "unreached",
        "one was not judged: its parent was not committed",
    ),
    help("none", "nothing drafted was committed"),
    help("hit", "retrieval found a draft"),
    help("miss", "retrieval found nothing"),
    help("changed", "the parameters were changed before it"),
    help("ended", "the run ended in it"),
    help("committed<3", "tokens committed, the bonus included"),
    help(
        "rejected>=4",
        "draft tokens refused; also accepted, relaxed, lost, unreached, drafted",
    ),
    help("rows>=8", "rows of the forward pass"),
    help("depth>4", "longest branch of the tree"),
    help("match>=8", "longest suffix found in a source"),
    help(
        "ms>20",
        "milliseconds of the step; also retrieve-ms, forward-ms, verify-ms",
    ),
    help("p<0.2", "a committed token's probability"),
    help("rank>1", "a committed token's rank"),
    help(
        "entropy>3",
        "of the distribution a committed token came from, in nats",
    ),
    help("step>=10", "the step's number, from 1"),
    help(
        "source=local",
        "a draft token came from it: group, global, local, online",
    ),
    help(
        "text~\"director\"",
        "the text that ends in this step contains it",
    ),
    help(
        "token=\"Heat\"",
        "a committed token; ~ matches a part of one",
    ),
    help("draft~\"mann\"", "a draft token, whatever became of it"),
    help(
        "doc=\"i31\"",
        "a draft came from this document, by id or title",
    ),
];
