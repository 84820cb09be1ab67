//! The end of an import: finds the scale of the ratings, sorts everything, and totals
//! what was read, kept and left out.

use color_eyre::eyre::{Report, bail};

use super::super::history::Protocol;
use super::super::scale::Scale;
use super::collect::{Collector, Table};
use super::dialect::Dialect;
use super::findings::Findings;
use super::gathered::Gathered;
use super::order::{Sorted, order_items, order_users, sort_ratings};
use super::refusal::Reason;
use super::values::FoundScale;
use super::{Imported, ImportedContents};

impl Collector<'_, '_> {
    /// # Errors
    /// No item is left; with `strict`, a rating outside the scale.
    pub(crate) fn finish(mut self, dialect: &Dialect) -> Result<Imported, Report> {
        let mut gathered = std::mem::take(&mut self.gathered);
        let found = self.scale(&gathered, dialect);
        let capped = self.options.limit.is_some();
        let order = order_items(&gathered, capped);
        let user_order = order_users(&gathered, capped);
        let columns = std::mem::take(&mut gathered.columns);
        let sorted = sort_ratings(&columns, found.scale, &order.places, &user_order);
        drop(columns);
        self.off_scale(&gathered, found.scale, sorted.n_off_scale)?;
        let is_described = |slot: &&u32| (**slot as usize) < gathered.n_described_users;
        let n_described = user_order.iter().filter(is_described).count() as u64;
        let items = gathered.take_items(&order.slots);
        let users = gathered.take_users(&user_order);
        if items.is_empty() {
            let faults = self.findings.shown.join("\n  ");
            bail!("no item could be read\n  {faults}");
        }
        self.settle_all(items.len() as u64, n_described, &sorted);
        let unreadable = gathered.unreadable.into_iter();
        self.findings.unreadable = unreadable.map(|(name, n)| (name.to_owned(), n)).collect();
        let contents = ImportedContents {
            name: dialect.name(self.source),
            noun: dialect.noun(self.source).to_owned(),
            protocol: protocol(dialect.protocol(self.source), found.scale),
            scale: found.scale,
            map: dialect.map(self.source),
            n_by_user: sorted.n_by_user,
            findings: self.found(dialect, found),
        };
        Ok(Imported {
            contents,
            items,
            users,
            ratings: sorted.ratings,
        })
    }

    /// The option's scale, or the one that the values are on. If only the values
    /// suggest five stars, that is noted as an assumption.
    fn scale(&self, gathered: &Gathered, dialect: &Dialect) -> FoundScale {
        if let Some(scale) = self.options.scale {
            return FoundScale {
                scale,
                assumed: None,
            };
        }
        let found = gathered.values.scale(gathered.kind);
        let is_known = gathered.n_ratings() == 0 || dialect.is_of_five_stars(self.source);
        match found {
            FoundScale {
                scale: Scale::Range { max: 5.0, .. },
                assumed: None,
            } if !is_known => FoundScale {
                assumed: Some(format!("no rating is above 5; {} is assumed", found.scale)),
                ..found
            },
            found => found,
        }
    }

    fn found(self, dialect: &Dialect, found: FoundScale) -> Findings {
        Findings {
            dialect: dialect.describe(),
            scale: found.scale.to_string(),
            scale_chosen: self.options.scale.is_some(),
            scale_assumed: found.assumed,
            ..self.findings
        }
    }

    /// Counts the ratings outside the scale, and shows the first of each value.
    fn off_scale(&mut self, gathered: &Gathered, scale: Scale, n: u64) -> Result<(), Report> {
        let mut n_left = n;
        let mut off = gathered.values.each();
        off.retain(|(value, _)| !scale.contains(*value));
        off.sort_by_key(|(_, seen)| seen.first);
        for (value, seen) in off {
            let (file, line) = seen.first;
            let file = self
                .file_names
                .get(file as usize)
                .map_or("", String::as_str);
            let fault = format!("{file}:{line}: rating {value} is outside the scale {scale}");
            let fault = match seen.n {
                1 => fault,
                n => format!("{fault} (and {} more like it)", n - 1),
            };
            n_left -= seen.n;
            self.bad(Reason::OffScale, seen.n, fault)?;
        }
        if n_left > 0 {
            let fault = format!("{n_left} more ratings are outside the scale {scale}");
            self.bad(Reason::OffScale, n_left, fault)?;
        }
        Ok(())
    }

    /// What was left out at the end; then the totals.
    fn settle_all(&mut self, n_items: u64, n_described_users: u64, sorted: &Sorted) {
        let n_kept = |table: Table| self.n_kept.get(&table).copied().unwrap_or(0);
        let n_beyond = n_kept(Table::Items) - n_items + n_kept(Table::Users) - n_described_users;
        let n_ratings = sorted.ratings.len() as u64;
        let rows_kept = n_items + n_described_users + n_ratings + n_kept(Table::Shelves);
        self.leave_out(Reason::BeyondLimit, n_beyond);
        self.leave_out(Reason::UnknownItem, sorted.n_without_item);
        self.leave_out(Reason::RepeatedRating, sorted.n_repeated);
        let files = self.findings.files.iter();
        self.findings.rows_read = files.map(|file| file.rows_read).sum();
        self.findings.rows_kept = rows_kept;
        let left_out = std::mem::take(&mut self.left_out);
        let left_out = left_out.into_iter();
        self.findings.left_out = left_out.map(|(r, n)| (r.name().to_owned(), n)).collect();
    }
}

/// The paper's threshold on the paper's five stars; else above 60% of the maximum.
fn protocol(of_dialect: Protocol, scale: Scale) -> Protocol {
    match scale {
        Scale::Range { max: 5.0, .. } => of_dialect,
        scale => Protocol {
            positive_above_stars: scale.liked_above(),
            ..of_dialect
        },
    }
}
