//! Amazon Reviews in three editions: reviews and products, one object per line. 2014
//! writes products as Python literals; 2018 leaves HTML in titles; 2023 names products
//! by `parent_asin` and counts milliseconds.

use std::borrow::Cow;

use color_eyre::eyre::Report;
use ecow::EcoString;
use serde::Deserialize;
use serde_json::Value;

use super::super::collect::{Collector, Table};
use super::super::fields;
use super::super::files::part::ImportPart;
use super::super::gathered::Gathered;
use super::super::literal;
use super::super::refusal::{Reason, Refusal, RowResult, Taken};
use super::amazon_csv;
use crate::recsys::catalog::Item;

/// Maximum categories kept of a product's path.
const N_CATEGORIES_MAX: usize = 5;

pub(crate) fn read(
    collector: &mut Collector,
    reviews: &ImportPart,
    meta: &ImportPart,
) -> Result<(), Report> {
    match amazon_csv::is_one(&reviews.name) {
        true => amazon_csv::read(collector, reviews)?,
        false => collector.each_line(reviews, Table::Ratings, None, rating)?,
    }
    // Products without reviews are dropped: there may be millions.
    let all = collector.gathered.n_ratings() == 0;
    collector.each_line(meta, Table::Items, None, |gathered, line| {
        let product: Product = literal::object(line)?;
        let id = product.id();
        let id = fields::id(&id, "asin or parent_asin")?;
        if !all && !gathered.knows_item(id) {
            return Ok(Taken::LeftOut(Reason::NotReviewed));
        }
        if gathered.has_item(id) {
            // The files repeat products without saying so.
            return Ok(Taken::LeftOut(Reason::RepeatedProduct));
        }
        let item = product.item(id);
        gathered.item(item)
    })
}

/// One field may have several names; a line may have two of them.
#[derive(Deserialize)]
struct Review {
    user_id: Option<Value>,
    #[serde(rename = "reviewerID")]
    reviewer_id: Option<Value>,
    asin: Option<Value>,
    parent_asin: Option<Value>,
    rating: Option<Value>,
    overall: Option<Value>,
    timestamp: Option<Value>,
    #[serde(rename = "unixReviewTime")]
    unix_review_time: Option<Value>,
    #[serde(rename = "reviewTime")]
    review_time: Option<Value>,
}

/// The first of these that is not empty.
fn first<'a>(values: &[&'a Option<Value>]) -> Cow<'a, str> {
    let texts = values.iter().filter_map(|value| value.as_ref());
    let mut texts = texts.map(fields::text_of);
    let found = texts.find(|text| !fields::present(text).is_empty());
    found.unwrap_or_default()
}

fn rating(gathered: &mut Gathered, line: &str) -> RowResult {
    let review: Review = literal::object(line)?;
    let user = first(&[&review.user_id, &review.reviewer_id]);
    let user = fields::id(&user, "reviewerID or user_id")?;
    let item = first(&[&review.parent_asin, &review.asin]);
    let item = fields::id(&item, "asin or parent_asin")?;
    let stars = first(&[&review.rating, &review.overall]);
    if stars.is_empty() {
        return Err(Refusal::row(Reason::NoRating, "no overall or rating"));
    }
    let stars = fields::rating(&stars)?;
    let at_s = gathered.time(&first(&[
        &review.timestamp,
        &review.unix_review_time,
        &review.review_time,
    ]));
    gathered.rating(user, item, stars, at_s)
}

#[derive(Deserialize)]
struct Product {
    asin: Option<Value>,
    parent_asin: Option<Value>,
    title: Option<Value>,
    /// A path of names; 2014 has several paths.
    categories: Option<Value>,
    category: Option<Value>,
    brand: Option<Value>,
    store: Option<Value>,
    author: Option<Value>,
}

impl Product {
    fn id(&self) -> Cow<'_, str> {
        first(&[&self.parent_asin, &self.asin])
    }

    fn item(&self, id: &str) -> Item {
        // A title may be a word that means "missing" elsewhere.
        let title = self.title.as_ref().map(fields::text_of);
        let facts = [
            ("author", &self.author),
            ("brand", &self.brand),
            ("store", &self.store),
        ];
        let facts = facts.map(|(name, value)| {
            let value = value.as_ref().and_then(name_of);
            (name, value.unwrap_or_default())
        });
        let categories = self.categories.as_ref().or(self.category.as_ref());
        Item {
            id: id.into(),
            title: plain(&title.unwrap_or_default()).into(),
            genres: categories.map(genres).unwrap_or_default(),
            facts: fields::facts(facts.iter().map(|(name, value)| (*name, &**value))),
            ..Item::default()
        }
    }
}

/// The categories below the department, which all products of a file share.
fn genres(categories: &Value) -> Box<[EcoString]> {
    let Value::Array(parts) = categories else {
        return Box::default();
    };
    let paths: Vec<&[Value]> = match parts.iter().all(Value::is_array) {
        true => parts
            .iter()
            .filter_map(|p| Some(p.as_array()?.as_slice()))
            .collect(),
        false => vec![parts.as_slice()],
    };
    let below = paths.into_iter().flat_map(|path| match path {
        [_, below @ ..] if !below.is_empty() => below,
        path => path,
    });
    let names: Vec<String> = below.filter_map(Value::as_str).map(plain).collect();
    // A broken page left its markup in some paths.
    let names = names
        .iter()
        .map(String::as_str)
        .filter(|n| !n.contains('<') && n.len() < 80);
    let genres = fields::genres(names).into_vec();
    genres.into_iter().take(N_CATEGORIES_MAX).collect()
}

fn name_of(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("name")?.as_str())?;
    Some(plain(text)).filter(|text| !text.is_empty() && text.len() < 200)
}

/// Without HTML's entities, tags and line ends.
fn plain(text: &str) -> String {
    let decoded = html_escape::decode_html_entities(text);
    let mut plain = String::with_capacity(decoded.len());
    let mut rest = &*decoded;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>').filter(|_| is_tag(&rest[open..])) else {
            break;
        };
        plain.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    plain.push_str(rest);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `<b>` or `</span>`, but not `I <3 cats`.
fn is_tag(text: &str) -> bool {
    let second = text.trim_start_matches(['<', '/']).chars().next();
    second.is_some_and(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn titles_lose_entities_and_tags() {
        for (text, want) in [
            ("Tom &amp; Jerry&#39;s  <b>Day</b>", "Tom & Jerry's Day"),
            ("I <3 cats", "I <3 cats"),
            ("a &lt; b", "a < b"),
            ("&quot;x&quot;\n y", "\"x\" y"),
            ("&bogus; <", "&bogus; <"),
        ] {
            assert_eq!(plain(text), want);
        }
    }

    #[test]
    fn categories_leave_the_department_out() {
        let one = json!(["Books", "Art &amp; Music", "Art &amp; Music"]);
        assert_eq!(*genres(&one), ["Art & Music"]);
        let paths = json!([["Books", "A"], ["Books", "B", "C"], ["Books"]]);
        assert_eq!(*genres(&paths), ["A", "B", "C", "Books"]);
        assert!(genres(&json!("x")).is_empty());
    }
}
