//! Words to look for in a text.

/// A search for words: all of them, in any case, each anywhere within. `OR`, `NOT` and quotes are understood.
pub(super) struct Words {
    any: Vec<Vec<(bool, String)>>,
}

/// Words that are looked for; further ones are left aside.
const MAX_WORDS: usize = 50;

impl Words {
    pub(super) fn parse(search: Option<&str>) -> Self {
        let search = search.unwrap_or_default().replace(['(', ')'], " ");
        let (mut any, mut all, mut wanted, mut left) = (Vec::new(), Vec::new(), true, MAX_WORDS);
        for (at, part) in search.split('"').enumerate() {
            let quoted = at % 2 == 1;
            let terms: Vec<_> = if quoted { vec![part] } else { part.split_whitespace().collect() };
            for term in terms.into_iter().take(left) {
                left -= 1;
                match term {
                    "OR" if !quoted => any.push(std::mem::take(&mut all)),
                    "AND" if !quoted => {}
                    "NOT" if !quoted => wanted = false,
                    _ => all.push((std::mem::replace(&mut wanted, true), term.trim().to_lowercase())),
                }
            }
        }
        any.push(all);
        any.retain(|all| !all.is_empty());
        Self { any }
    }

    /// Whether the text has them; `text` is made only where there is something to look for.
    pub(super) fn are_in(&self, text: impl FnOnce() -> String) -> bool {
        if self.any.is_empty() {
            return true;
        }
        let text = text().to_lowercase();
        self.any.iter().any(|all| all.iter().all(|(wanted, term)| text.contains(term.as_str()) == *wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_understood() {
        let finds =
            |search: &str| Words::parse(Some(search)).are_in(|| "Head of Sales at Paper Harbour".to_owned());
        for search in [
            "",
            "sales",
            "paper head",
            "nobody OR sales",
            "\"of sales\"",
            "(sales AND head)",
            "sales NOT robots",
        ] {
            assert!(finds(search), "{search}");
        }
        for search in ["robots", "sales robots", "\"sales of\"", "NOT sales", "robots OR NOT paper"] {
            assert!(!finds(search), "{search}");
        }
    }
}
