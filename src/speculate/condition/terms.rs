//! The words that a condition can ask with, and what they mean: help and docs
//! are made of this table.

/// What holds of a step or does not.
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
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

impl Number {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

impl Text {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// A line of help: how it is written, and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Help {
    pub(crate) example: &'static str,
    pub(crate) about: &'static str,
}

const fn help(example: &'static str, about: &'static str) -> Help {
    Help { example, about }
}

/// Every term, in the order of help.
pub(crate) const HELP: [Help; 25] = [
    help("rejected", "a draft token was refused (also: rejection)"),
    help("relaxed", "one was committed only thanks to the rule"),
    help("accepted", "one was the model's own choice"),
    help("lost", "the rule would take one, another branch won"),
    help("unreached", "one was never decided"),
    help("none", "nothing drafted was committed"),
    help("hit", "retrieval found something"),
    help("miss", "it found nothing"),
    help("changed", "the parameters were changed before it"),
    help("ended", "the run ended in it"),
    help("committed<3", "tokens committed, the bonus included"),
    help(
        "rejected>=4",
        "as many; also accepted, relaxed, lost, unreached, drafted",
    ),
    help("rows>=8", "rows of the forward pass"),
    help("depth>4", "longest branch of the tree"),
    help("match>=8", "longest suffix found in a source"),
    help(
        "ms>20",
        "milliseconds; also retrieve-ms, forward-ms, verify-ms",
    ),
    help("p<0.2", "a committed token's probability"),
    help("rank>1", "a committed token's rank"),
    help("entropy>3", "where a committed token was chosen, in nats"),
    help("step>=10", "its number, from 1"),
    help(
        "source=local",
        "a draft token came from there: group, global, local, online",
    ),
    help(
        "text~\"director\"",
        "the text has it, and its last letter is of this step",
    ),
    help("token=\"Heat\"", "a committed token; ~ finds a part of one"),
    help("draft~\"mann\"", "a draft token, whatever became of it"),
    help(
        "doc=\"i31\"",
        "one was drafted from this document, by id or title",
    ),
];
