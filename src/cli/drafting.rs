//! How drafts are made and texts written, whatever the rule: the options that a
//! sweep leaves alone.

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::parameters;
use crate::speculate::parameters::{Given, InSweep, Parameter};

#[derive(Clone, Debug, Default)]
pub struct DraftingArgs {
    pub(super) given: Given,
}

fn is_shared(parameter: &Parameter) -> bool {
    parameter.sweep == InSweep::Shared
}

impl Args for DraftingArgs {
    fn augment_args(command: Command) -> Command {
        parameters::options(command, is_shared)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DraftingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(DraftingArgs {
            given: parameters::given(matches, is_shared),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
