//! A profile as an option value: `1:3.3,8:7.5`, or `1@256:3.3,1@1024:4.1` with contexts.

use super::{CostPoint, CostProfile};

/// The profile's step times as a single word.
pub(crate) fn inline(profile: &CostProfile) -> String {
    let word = |p: &CostPoint| match p.context {
        None => format!("{}:{}", p.rows, p.step_ms),
        Some(context) => format!("{}@{context}:{}", p.rows, p.step_ms),
    };
    let words: Vec<String> = profile.points.iter().map(word).collect();
    words.join(",")
}

/// Parses what [`inline`] writes. `None`: the text does not look like a table and may name
/// a file.
///
/// # Errors
/// The invalid part and the expected form.
pub(crate) fn parse_inline(text: &str) -> Option<Result<CostProfile, String>> {
    let looks = text.contains(':') && text.chars().all(|c| "0123456789.:@, ".contains(c));
    looks.then(|| parse(text))
}

fn parse(text: &str) -> Result<CostProfile, String> {
    let points = text.split(',').map(|part| {
        point(part.trim()).ok_or_else(|| {
            format!("`{part}`: must be ROWS:MS or ROWS@CONTEXT:MS, as in 1:3.3,8:7.5")
        })
    });
    let mut points = points.collect::<Result<Vec<_>, _>>()?;
    points.sort_by_key(|p| (p.rows, p.context));
    let is_twice = |w: &[CostPoint]| (w[0].rows, w[0].context) == (w[1].rows, w[1].context);
    if let Some(twice) = points.windows(2).find(|w| is_twice(w)) {
        return Err(format!("{} rows are given twice", twice[0].rows));
    }
    Ok(CostProfile {
        points,
        ..CostProfile::default()
    })
}

fn point(part: &str) -> Option<CostPoint> {
    let (rows, ms) = part.split_once(':')?;
    let ms: f32 = ms.parse().ok().filter(|&ms| ms > 0.0 && ms < 1e7)?;
    let (rows, context) = match rows.split_once('@') {
        None => (rows, None),
        Some((rows, context)) => (rows, Some(context.parse().ok()?)),
    };
    let rows = rows.parse().ok().filter(|&rows| rows > 0)?;
    Some(CostPoint {
        context,
        ..CostPoint::by_rows(rows, ms)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_survives_a_command_line() {
        for text in ["1:3.3,8:7.5", "1@256:3.3,1@1024:4.125,8@256:7.5"] {
            let profile = parse_inline(text).unwrap().unwrap();
            assert_eq!(inline(&profile), text);
        }
        assert_eq!(
            parse_inline("8:7.5, 1:3.3").unwrap().unwrap(),
            parse_inline("1:3.3,8:7.5").unwrap().unwrap()
        );
    }

    #[test]
    fn what_is_wrong_is_named_and_files_are_left_alone() {
        for wrong in ["1:", "0:3", "1:0", "1:3,1:4", ":", "1:3:4", "1@:3", "1:3,"] {
            assert!(parse_inline(wrong).unwrap().is_err(), "{wrong}");
        }
        for file in ["cost.json", "C:\\cost.json", "run-1.jsonl", "2024"] {
            assert!(parse_inline(file).is_none(), "{file}");
        }
    }
}
