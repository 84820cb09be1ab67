//! The terms of conditions and their meanings; help and docs are made from this table.

/// A property that a step has or lacks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Word {
    Accepted,
    Relaxed,
    Rejected,
    Lost,
    Unreached,
    None,
    Hit,
    Miss,
    Changed,
    Ended,
}

/// A number of a step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Number {
    Step,
    Committed,
    Drafted,
    Accepted,
    Relaxed,
    Rejected,
    Lost,
    Unreached,
    Rows,
    Depth,
    Match,
    Ms,
    RetrieveMs,
    ForwardMs,
    VerifyMs,
    P,
    Rank,
    Entropy,
}

/// A text of a step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Text {
    Text,
    Token,
    Draft,
    Doc,
}

impl Word {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Number {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Text {
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
