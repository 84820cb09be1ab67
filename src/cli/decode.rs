//! How to decode: the options that become [`Params`].

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::drafting::DraftingArgs;
use super::parameters;
use crate::speculate::parameters::Given;
use crate::speculate::params::Params;

/// Parameters of decoding.
#[derive(Clone, Debug, Default)]
pub struct DecodeArgs {
    pub(crate) given: Given,
    /// Finished answers become a source.
    pub(crate) online: bool,
}

impl DecodeArgs {
    /// These options over `base`.
    ///
    /// # Errors
    /// The option that is out of range, or does not go with the rule.
    pub fn over(&self, base: Params) -> Result<Params, String> {
        let mut params = self.given.over(base)?;
        params.sources.online |= self.online;
        Ok(params)
    }
}

impl From<DraftingArgs> for DecodeArgs {
    fn from(drafting: DraftingArgs) -> Self {
        DecodeArgs {
            given: drafting.given,
            online: false,
        }
    }
}

const ONLINE: &str = "online";

impl Args for DecodeArgs {
    fn augment_args(command: Command) -> Command {
        let online = Arg::new(ONLINE)
            .long(ONLINE)
            .help_heading(parameters::HEADING)
            .help(
                "Finished answers become a source of drafts for the next ones; results then \
                 depend on the order of the questions",
            )
            .action(ArgAction::SetTrue);
        parameters::options(command, |_| true).arg(online)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DecodeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(DecodeArgs {
            given: parameters::given(matches, |_| true),
            online: matches.get_flag(ONLINE),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
