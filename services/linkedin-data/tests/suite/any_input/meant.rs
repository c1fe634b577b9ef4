//! What a value means, written down once more, apart from the code under test: the table of equivalences.
//!
//! | Written | Sent |
//! |---|---|
//! | a text of a field without a form, an id of an earlier answer | the same, letter by letter; nothing where it is empty |
//! | a number for a text | its digits, without an empty fraction |
//! | an array, or the text of a JSON array | its items |
//! | a text with commas for a list | its pieces |
//! | a comma within an item | a space, or `%2C` in an address |
//! | an address in any spelling | `https`, the host in small letters, escapes taken apart, without fragment and what stood around it |
//! | a slug with escapes | the letters |
//! | a choice in any case | upstream's own word |
//! | null, an empty text, an empty list | nothing |
use granary_proto::Method;
use granary_proto::granary::policy::v1::Format;
use granary_proto::options::{field_rule, number_of, text_of, upstream_text_of};
use percent_encoding::percent_decode_str;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Map, Value};

/// Upstream's names of what is looked up before it is sent: industries, by their names.
const LOOKED_UP: [&str; 3] = ["industryIds", "industryId", "excludeIndustryIds"];
/// What the credentials of the call put into the query.
const CREDENTIALS: [&str; 3] = ["cookie", "proxy", "userAgent"];

/// Where a target says something else than the input; nothing where it says the same.
pub(super) fn difference(method: &Method, input: &Map<String, Value>, target: &str) -> Option<String> {
    let (_, query) = target.split_once('?').unwrap_or((target, ""));
    let mut sent: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .filter(|(name, _)| !CREDENTIALS.contains(&name.as_str()))
        .collect();
    if target.is_empty() {
        return Some("nothing was sent, and nothing refused".to_owned());
    }
    for (name, value) in input {
        let field = method.descriptor.input().get_field_by_name(name)?;
        let rule = field_rule(&field);
        let names: Vec<&str> = if rule.upstream.is_empty() {
            vec![field.name()]
        } else {
            rule.upstream.iter().map(String::as_str).collect()
        };
        // A search for jobs has two names for a company; another field may share the first.
        let at = sent.iter().position(|(name, _)| names.contains(&name.as_str()));
        let text = at.map(|at| sent.remove(at).1);
        if rule.local {
            continue;
        }
        let same = match &text {
            None => items(&field, value).iter().all(blank),
            Some(text) if LOOKED_UP.contains(&names[0]) => !text.is_empty(),
            Some(text) => same(&field, value, text),
        };
        if !same {
            return Some(format!("{name} was sent as {text:?}"));
        }
    }
    let more: Vec<_> = sent.iter().filter(|(name, _)| !has_default(method, name)).collect();
    (!more.is_empty()).then(|| format!("{more:?} was sent besides"))
}

fn has_default(method: &Method, upstream: &str) -> bool {
    let mut fields = method.descriptor.input().fields().collect::<Vec<_>>().into_iter();
    fields.any(|field| {
        let rule = field_rule(&field);
        let name = rule.upstream.first().map_or(field.name(), String::as_str);
        name == upstream && !rule.default_value.is_empty()
    })
}

fn same(field: &FieldDescriptor, value: &Value, sent: &str) -> bool {
    let rule = field_rule(field);
    let items = items(field, value);
    match field.kind() {
        Kind::Bool | Kind::Message(_) => {
            items.len() == 1 && text(&items[0]).is_some_and(|text| text.eq_ignore_ascii_case(sent))
        }
        Kind::Int32 | Kind::Int64 => {
            let number = items.first().and_then(text).and_then(|text| text.parse::<f64>().ok());
            number.is_some() && number == sent.parse().ok()
        }
        Kind::Enum(choices) => {
            let word = |item: &Value| {
                let text = item.as_str()?.to_lowercase();
                let number = number_of(choices.full_name(), &text)
                    .or_else(|| {
                        choices.values().find(|v| v.name().eq_ignore_ascii_case(&text)).map(|v| v.number())
                    })
                    .or_else(|| {
                        choices
                            .values()
                            .find(|v| {
                                text_of(choices.full_name(), v.number())
                                    .is_some_and(|t| t.eq_ignore_ascii_case(&text))
                            })
                            .map(|v| v.number())
                    })?;
                upstream_text_of(choices.full_name(), number)
                    .or_else(|| text_of(choices.full_name(), number))
                    .map(str::to_owned)
            };
            let words: Option<Vec<String>> = items.iter().map(word).collect();
            words.is_some_and(|words| words.join(",") == sent)
        }
        _ => {
            let texts: Option<Vec<String>> = items.iter().map(text).collect();
            let Some(texts) = texts else { return false };
            if !rule.template.is_empty() {
                return texts.len() == 1 && rule.template.replace("{}", &texts[0]) == sent;
            }
            // Where a name is taken, only what looks like an address is one.
            let name = |text: &str| rule.format() == Format::CompanyOrName && !text.contains("linkedin.com/");
            let free = |text: &str| matches!(rule.format(), Format::Unspecified | Format::Id) || name(text);
            let plain = |text: &str| words(&if free(text) { text.to_owned() } else { address(text) });
            let each = texts.iter().map(|text| plain(text)).filter(|text| !text.is_empty());
            let meant = each.collect::<Vec<_>>().join(" ");
            if rule.format() == Format::Unspecified && !field.is_list() {
                texts == [sent]
            } else {
                words(sent) == meant
            }
        }
    }
}

/// The values that a field was given: of a list, its items, however they were written.
pub(super) fn items(field: &FieldDescriptor, value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) if field.is_list() => items
            .iter()
            .flat_map(|item| match array(item) {
                Some(items) => items,
                None => vec![item.clone()],
            })
            .collect(),
        Value::String(text) if field.is_list() => match array(value) {
            Some(items) => self::items(field, &Value::Array(items)),
            None => text.split(',').map(|piece| Value::from(piece.trim())).collect(),
        },
        other => vec![other.clone()],
    }
}

fn array(value: &Value) -> Option<Vec<Value>> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with('['))?;
    serde_json::from_str(text).ok()
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => {
            let digits = number.to_string();
            assert!(!digits.contains(['e', 'E']), "{digits} may have lost digits");
            Some(
                digits
                    .split_once('.')
                    .filter(|(_, f)| f.bytes().all(|b| b == b'0'))
                    .map_or(digits.clone(), |(w, _)| w.to_owned()),
            )
        }
        _ => None,
    }
}

pub(super) fn blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| words(text).is_empty())
}

/// An address, a slug or an id without what its spellings differ in.
pub(super) fn address(text: &str) -> String {
    let text = text.trim();
    // Around a slug nothing is taken off.
    let is_address = text.contains("linkedin.com/") || text.contains("://") || text.contains("www.");
    let text = if is_address {
        text.trim_start_matches(['(', '<', '[', '"', '\'', '“', '‘', '«', ' '])
            .trim_end_matches([')', '>', ']', '"', '\'', '”', '’', '»', '.', ',', ';', ':', '!', '?', ' '])
    } else {
        text
    };
    let text = text.split('#').next().unwrap_or_default();
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let rest =
        if scheme.is_empty() || scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
            rest
        } else {
            text
        };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let Some(path) = path.filter(|_| host.to_ascii_lowercase().ends_with("linkedin.com")) else {
        return decoded(rest);
    };
    let (path, query) =
        path.split_once('?').map_or((path, String::new()), |(path, query)| (path, format!("?{query}")));
    format!("https://{}/{}{query}", host.to_ascii_lowercase(), decoded(path))
}

/// A text as words: commas, in a list or within an item, part them as blanks do.
pub(super) fn words(text: &str) -> String {
    let text = text.replace("%2C", ",");
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
