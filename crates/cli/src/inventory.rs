//! `granary inventory`: every method with its policy, straight from the contract.
use granary_proto::{Method, policy_table};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{Shown, Table};

/// Flags of `granary inventory`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

const EXAMPLES: &str = "\
Needs that are parted by \"|\" are alternatives: the first one that the account has decides. Those joined by \" + \" are all \
needed. A price is the name of an entry of the configured list; \"field: name\" replaces it where that field is true, and \
\" × field\" means that it is multiplied by that number, or by the number of that list's different items; \
what follows \" + \" is added once.

Examples:
  granary inventory
  granary inventory --output json \\
    | jq '.methods[] | select(.effect == \"write\") | .method'";

const HEADINGS: [&str; 8] = ["METHOD", "EXPOSURE", "EFFECT", "SCOPE", "NEEDS", "PRICE", "TOOL", "ALIASES"];

/// Makes the list, in the order of the methods' names.
pub fn run() -> Result<Shown, Failure> {
    let mut methods: Vec<&Method> = policy_table()?.methods().iter().collect();
    methods.sort_by_key(|m| m.name());
    let mut table = Table::new(&HEADINGS);
    methods.iter().for_each(|m| table.row(row(m)));
    let methods: Vec<Value> = methods.iter().map(|m| document(m)).collect();
    Ok(Shown { text: table.text(), document: json!({"methods": methods}), ..Shown::default() })
}

fn row(method: &Method) -> Vec<String> {
    let needs: Vec<String> = kinds(method).iter().map(|any_of| any_of.join("|")).collect();
    let price = method.price.as_ref().map(|price| {
        let modifiers = price.modifiers.iter().map(|(field, sku)| format!(", {field}: {sku}"));
        let times = if price.times.is_empty() { String::new() } else { format!(" × {}", price.times) };
        let plus = if price.plus.is_empty() { String::new() } else { format!(" + {}", price.plus) };
        format!("{}{}{times}{plus}", price.sku, modifiers.collect::<String>())
    });
    vec![
        method.name().to_owned(),
        method.exposure.text().to_owned(),
        method.effect.text().to_owned(),
        scope(method).unwrap_or_default().to_owned(),
        needs.join(" + "),
        price.unwrap_or_default(),
        method.tool.clone(),
        method.tool_aliases.join(", "),
    ]
}

fn document(method: &Method) -> Value {
    let price = method.price.as_ref().map(|price| {
        let modifiers: Vec<Value> =
            price.modifiers.iter().map(|(field, sku)| json!({"field": field, "sku": sku})).collect();
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        json!({"sku": price.sku, "modifiers": modifiers, "times": said(&price.times), "plus": said(&price.plus)})
    });
    let needs: Vec<Value> = kinds(method).iter().map(|any_of| json!({"any_of": any_of})).collect();
    json!({
        "method": method.name(),
        "exposure": method.exposure.text(),
        "effect": method.effect.text(),
        "scope": scope(method),
        "needs": needs,
        "price": price,
        "tool": Some(&method.tool).filter(|t| !t.is_empty()),
        "aliases": method.tool_aliases,
    })
}

fn kinds(method: &Method) -> Vec<Vec<&'static str>> {
    method.needs.iter().map(|any_of| any_of.iter().map(|kind| kind.text()).collect()).collect()
}

/// `None`: any key of the tenant.
fn scope(method: &Method) -> Option<&'static str> {
    use granary_proto::granary::policy::v1::Scope;
    (method.scope != Scope::Unspecified).then(|| method.scope.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_one_line() {
        let shown = run().unwrap();
        let methods = policy_table().unwrap().methods();
        assert_eq!(shown.text.lines().count(), methods.len() + 1);
        assert_eq!(shown.document["methods"].as_array().unwrap().len(), methods.len());
        assert!(shown.text.lines().all(|line| line == line.trim_end()));
    }

    #[test]
    fn lines_tell_the_whole_policy() {
        let text = run().unwrap().text;
        let line = text.lines().find(|l| l.contains("HarvestTime/LogTimeEntry ")).unwrap();
        for word in ["gateway", "write", "time:write", "harvest_token|harvestapi_key", "log_time_entry"] {
            assert!(line.contains(word), "{word}: {line}");
        }
    }

    #[test]
    fn methods_that_need_no_scope_say_so() {
        let document = run().unwrap().document;
        let methods = document["methods"].as_array().unwrap();
        let method =
            methods.iter().find(|m| m["method"] == "granary.gateway.v1.ToolService/ListTools").unwrap();
        assert_eq!(method["scope"], Value::Null);
        assert_eq!(method["tool"], Value::Null);
    }
}
