//! Amazon Reviews, three editions of one thing: reviews and products, one object
//! a line. 2014 writes products as Python literals; 2018 leaves HTML in titles;
//! 2023 names products by `parent_asin` and counts milliseconds.

use color_eyre::eyre::Report;
use serde::Deserialize;
use serde_json::Value;

use super::collect::{Collector, Cut, Gathered, RawItem, Table};
use super::fields;
use super::lines::Encoding::Utf8OrLatin1;
use super::python_literal;
use super::source::Part;

/// Of a product's path of categories, so many are kept.
const N_CATEGORIES_MAX: usize = 5;
/// A later time, in seconds, is one in milliseconds: 5138 AD.
const LATEST_SECONDS: i64 = 100_000_000_000;

pub fn read(collector: &mut Collector, reviews: &Part, meta: &Part) -> Result<(), Report> {
    let how = (Table::Ratings, Cut::Lines, Utf8OrLatin1);
    collector.each_line(reviews, how, rating)?;
    // Products that nobody reviewed are not kept: there may be millions.
    let all = collector.gathered.n_ratings() == 0;
    let mut n_repeated = 0u64;
    let how = (Table::Items, Cut::Lines, Utf8OrLatin1);
    collector.each_line(meta, how, |gathered, line| {
        let product: Product = parse(line)?;
        let id = product.id()?;
        if !all && !gathered.knows_item(id) {
            return Ok(());
        }
        if gathered.has_item(id) {
            // The files repeat products, and say so nowhere.
            n_repeated += 1;
            return Ok(());
        }
        gathered.item(product.into_item()?)
    })?;
    if n_repeated > 0 {
        collector.note(format!("{n_repeated} repeated products left out"));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Review {
    #[serde(alias = "reviewerID")]
    user_id: Option<String>,
    asin: Option<String>,
    parent_asin: Option<String>,
    #[serde(alias = "overall")]
    rating: Option<f32>,
    #[serde(alias = "unixReviewTime")]
    timestamp: Option<i64>,
}

fn rating(gathered: &mut Gathered, line: &str) -> Result<(), String> {
    let review: Review = parse(line)?;
    let user = review.user_id.as_deref().unwrap_or_default();
    let user = fields::id(user, "reviewerID or user_id")?;
    let item = review.parent_asin.or(review.asin).unwrap_or_default();
    let item = fields::id(&item, "asin or parent_asin")?;
    let stars = review.rating.ok_or("no overall or rating")?;
    let stars = fields::stars(&stars.to_string())?;
    let at = review.timestamp.ok_or("no unixReviewTime or timestamp")?;
    let at_s = match at.unsigned_abs() > LATEST_SECONDS as u64 {
        true => at / 1000,
        false => at,
    };
    gathered.rating(user, item, stars, at_s);
    Ok(())
}

#[derive(Deserialize)]
struct Product {
    asin: Option<String>,
    parent_asin: Option<String>,
    title: Option<String>,
    /// A path of names; 2014 has several paths.
    #[serde(alias = "category")]
    categories: Option<Value>,
    brand: Option<Value>,
    store: Option<Value>,
    author: Option<Value>,
}

impl Product {
    fn id(&self) -> Result<&str, String> {
        let id = self.parent_asin.as_deref().or(self.asin.as_deref());
        fields::id(id.unwrap_or_default(), "asin or parent_asin")
    }

    fn into_item(self) -> Result<RawItem, String> {
        let id = self.id()?.to_owned();
        let title = plain(self.title.as_deref().unwrap_or_default());
        let brand = self.brand.as_ref().and_then(name_of);
        let store = self.store.as_ref().and_then(name_of);
        let author = self.author.as_ref().and_then(name_of);
        let pairs = [("author", author), ("brand", brand), ("store", store)];
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_deref().unwrap_or_default()))
            .collect();
        Ok(RawItem {
            id,
            title,
            genres: self.categories.as_ref().map(genres).unwrap_or_default(),
            facts: fields::facts(&pairs),
            ..RawItem::default()
        })
    }
}

/// The categories below the department, which all products of a file share.
fn genres(categories: &Value) -> Vec<String> {
    let Value::Array(parts) = categories else {
        return Vec::new();
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
    let mut genres = fields::genres(names);
    genres.truncate(N_CATEGORIES_MAX);
    genres
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

/// A JSON object; what is none may be a Python literal.
fn parse<T: for<'de> Deserialize<'de>>(line: &str) -> Result<T, String> {
    let as_json = match serde_json::from_str(line) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    match python_literal::parse(line) {
        Ok(value) => serde_json::from_value(value).map_err(|e| e.to_string()),
        Err(_) => Err(format!("no JSON object, and no Python one: {as_json}")),
    }
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
        assert_eq!(genres(&one), ["Art & Music"]);
        let paths = json!([["Books", "A"], ["Books", "B", "C"], ["Books"]]);
        assert_eq!(genres(&paths), ["A", "B", "C", "Books"]);
        assert_eq!(genres(&json!("x")), Vec::<String>::new());
    }
}
