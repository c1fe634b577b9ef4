//! Times of the day as Harvest writes them.

/// Reads a wall clock time such as `2:59pm`, `2:59 PM`, `8am` or `14:59` into minutes after midnight.
pub(super) fn parse(text: &str) -> Option<u16> {
    let lower = text.trim().to_ascii_lowercase();
    let (rest, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(rest), _) => (rest.trim_end(), Some(0)),
        (_, Some(rest)) => (rest.trim_end(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let (hour, minute) = match rest.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse::<u16>().ok()?),
        None if half.is_some() => (rest, 0),
        _ => return None,
    };
    let hour = hour.parse::<u16>().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        None if hour < 24 => hour,
        _ => return None,
    };
    (minute < 60).then_some(hour * 60 + minute)
}

/// Writes minutes after midnight in the twelve-hour form, which is what the seeded accounts are set to.
pub(super) fn format(minutes: u16) -> String {
    let hour = match minutes / 60 % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{hour}:{:02}{}", minutes % 60, if minutes / 60 < 12 { "am" } else { "pm" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_texts_are_read_and_written() {
        for (text, minutes, written) in [
            ("8:00am", 480, "8:00am"),
            ("2:59pm", 899, "2:59pm"),
            ("14:59", 899, "2:59pm"),
            ("12:05 AM", 5, "12:05am"),
            ("12pm", 720, "12:00pm"),
        ] {
            assert_eq!(parse(text), Some(minutes), "{text}");
            assert_eq!(format(minutes), written);
        }
        for wrong in ["", "25:00", "13:00pm", "8", "8:5", "8:61", "noon"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
