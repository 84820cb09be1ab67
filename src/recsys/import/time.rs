//! Times as people write them, as seconds since 1970.

/// A parsed time field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// Seconds since 1970, UTC.
    At(i64),
    Missing,
    Unreadable,
}

/// Later times in seconds (5138 AD) are taken as milliseconds. The same number of
/// milliseconds or microseconds is in 1973.
const LATEST: f64 = 1e11;

/// A number in seconds, milliseconds, microseconds or nanoseconds, whichever gives a
/// plausible year; or a date with or without a time of day.
pub(crate) fn read(text: &str) -> Time {
    let text = super::fields::present(text);
    if text.is_empty() {
        return Time::Missing;
    }
    let found = match text.parse::<f64>() {
        Ok(number) => seconds(number),
        Err(_) => date_and_time(text),
    };
    found.map_or(Time::Unreadable, Time::At)
}

fn seconds(number: f64) -> Option<i64> {
    let mut seconds = number;
    for _ in 0..3 {
        if seconds.abs() <= LATEST {
            break;
        }
        seconds /= 1000.0;
    }
    (seconds.abs() <= LATEST).then_some(seconds.floor() as i64)
}

/// `2005-04-02`, `2005-04-02 23:53:47`, `2005-04-02T23:53:47.5Z`, `...+02:00`, and
/// `09 13, 2009` as Amazon has it.
fn date_and_time(text: &str) -> Option<i64> {
    let (date, time) = match text.find(['T', ' ']) {
        Some(at) if at >= 8 => (&text[..at], text[at + 1..].trim()),
        _ => (text, ""),
    };
    let days = ymd(date).or_else(|| month_first(text).filter(|_| time.is_empty()))?;
    let (clock, offset_s) = split_zone(time)?;
    Some(days * 86_400 + of_day(clock)? - offset_s)
}

fn ymd(date: &str) -> Option<i64> {
    let sign = ['-', '/'].into_iter().find(|&sign| date.contains(sign))?;
    let mut parts = date.split(sign).map(|part| part.parse::<i64>().ok());
    let (year, month) = (parts.next()??, parts.next()??);
    let day = parts.next().unwrap_or(Some(1))?;
    match parts.next() {
        None => days_since_1970(year, month, day),
        Some(_) => None,
    }
}

fn month_first(text: &str) -> Option<i64> {
    let (date, year) = text.split_once(',')?;
    let (month, day) = date.trim().split_once(' ')?;
    let part = |text: &str| text.trim().parse::<i64>().ok();
    days_since_1970(part(year)?, part(month)?, part(day)?)
}

/// The time of day without its zone, and the zone's seconds ahead of UTC.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    let time = time.trim_end_matches(" UTC");
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let digits: String = time[at + 1..].chars().filter(|c| *c != ':').collect();
    let is_zone = matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = format!("{digits:0<4}").parse().ok().filter(|_| is_zone)?;
    let ahead_s = (number / 100 * 60 + number % 100) * 60;
    let sign = if time[at..].starts_with('-') { -1 } else { 1 };
    Some((time[..at].trim(), sign * ahead_s))
}

fn of_day(clock: &str) -> Option<i64> {
    if clock.is_empty() {
        return Some(0);
    }
    let mut parts = clock.split(':');
    let whole = |part: Option<&str>| part.and_then(|part| part.parse::<i64>().ok());
    let (hour, minute) = (whole(parts.next())?, whole(parts.next())?);
    let second: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    let is_good = (0..=24).contains(&hour) && (0..60).contains(&minute) && parts.next().is_none();
    let is_good = is_good && (0.0..61.0).contains(&second);
    is_good.then_some(hour * 3600 + minute * 60 + second as i64)
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_date = (1000..=9999).contains(&year) && (1..=12).contains(&month);
    if !is_date || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_in_every_spelling() {
        for text in [
            "1112486027",
            "1112486027.0",
            "1.112486027e9",
            "1112486027000",
            "1112486027999.0",
            "1112486027000000",
            "1112486027000000000",
            "2005-04-02 23:53:47",
            "2005-04-02T23:53:47",
            "2005-04-02T23:53:47.25Z",
            "2005-04-03 01:53:47+02:00",
            "2005-04-03 01:53:47+02",
            "2005-04-02T20:23:47-0330",
            "2005/04/02 23:53:47 UTC",
        ] {
            assert_eq!(read(text), Time::At(1_112_486_027), "{text}");
        }
        for text in [
            "1252800000",
            "2009-09-13",
            "09 13, 2009",
            "2009-09-13 00:00",
        ] {
            assert_eq!(read(text), Time::At(1_252_800_000), "{text}");
        }
        assert_eq!(read("1969-12-31 23:59:59"), Time::At(-1));
        assert_eq!(read("2000-02-29"), Time::At(951_782_400));
    }

    #[test]
    fn what_is_no_time_is_told_from_none() {
        for missing in ["", "NaN", "null", " "] {
            assert_eq!(read(missing), Time::Missing, "{missing}");
        }
        for bad in [
            "noon",
            "1e300",
            "2005-13-01",
            "2005-01-01 25:00",
            "12:30",
            "inf",
            "2005-01-01 1:2:x",
        ] {
            assert_eq!(read(bad), Time::Unreadable, "{bad}");
        }
    }
}
