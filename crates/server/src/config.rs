//! Layered configuration: a TOML file, then the environment, then flags. Every fault is reported at once.
use std::fmt;
use std::path::Path;

use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};
use serde::de::DeserializeOwned;

/// All that is wrong with a configuration.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if number == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Where a configuration comes from.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// A TOML file; it must exist.
    pub file: Option<&'a Path>,
    /// The environment prefix, such as "GRANARY_". "__" separates levels, and only variables that hold one are settings.
    pub env_prefix: &'a str,
    /// `key=value` overrides from flags; "." separates levels, values are TOML or else text.
    pub overrides: &'a [String],
}

/// Loads a configuration whose fields all have defaults.
///
/// # Errors
/// Every unknown key and every value of a wrong type, with where it came from.
pub fn load<T: DeserializeOwned>(sources: &Sources<'_>) -> Result<T, Faults> {
    let mut faults = Vec::new();
    let mut figment = Figment::new();
    if let Some(file) = sources.file {
        if !file.is_file() {
            return Err(Faults(vec![format!("the configuration file {} does not exist", file.display())]));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    if !sources.env_prefix.is_empty() {
        figment = figment
            .merge(Env::prefixed(sources.env_prefix).filter(|key| key.as_str().contains("__")).split("__"));
    }
    for entry in sources.overrides {
        match entry.split_once('=') {
            Some((key, value)) => {
                let value: Value = value.parse().unwrap_or_else(|_| Value::from(value));
                figment = figment.merge(Serialized::default(key, value));
            }
            None => faults.push(format!("--set {entry}: must be key=value")),
        }
    }
    let data = match figment.data() {
        Ok(data) => data.get(&Profile::Default).cloned().unwrap_or_default(),
        Err(error) => {
            faults.extend(error.into_iter().map(|e| e.to_string()));
            return Err(Faults(faults));
        }
    };
    // Serde stops at the first fault, so each leaf is tried by itself.
    each_leaf(&data, &mut Vec::new(), &mut |path, value| {
        let alone = path
            .iter()
            .rev()
            .fold(value.clone(), |inner, key| Value::from(Dict::from([(key.clone(), inner)])));
        if let Value::Dict(_, dict) = alone
            && let Err(error) = Figment::from(Serialized::defaults(dict)).extract::<T>()
        {
            faults.extend(error.into_iter().map(|e| format!("{}: {}", path.join("."), e.kind)));
        }
    });
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    figment.extract().map_err(|e| Faults(e.into_iter().map(|e| e.to_string()).collect()))
}

fn each_leaf(dict: &Dict, path: &mut Vec<String>, visit: &mut impl FnMut(&[String], &Value)) {
    for (key, value) in dict {
        path.push(key.clone());
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => each_leaf(inner, path, visit),
            leaf => visit(path, leaf),
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Sample {
        port: u16,
        inner: Inner,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        name: String,
        on: bool,
    }

    #[test]
    fn flags_win_over_the_file_and_every_fault_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "port = 1\n[inner]\nname = \"a\"\n").unwrap();
        let set = ["inner.name=b".to_owned(), "inner.on=true".to_owned()];
        let sources = Sources { file: Some(&file), env_prefix: "", overrides: &set };
        let loaded: Sample = load(&sources).unwrap();
        assert_eq!(loaded, Sample { port: 1, inner: Inner { name: "b".into(), on: true } });

        std::fs::write(&file, "port = \"x\"\nother = 1\n[inner]\non = 3\n").unwrap();
        let sources = Sources { file: Some(&file), env_prefix: "", overrides: &[] };
        let faults = load::<Sample>(&sources).unwrap_err();
        assert_eq!(faults.0.len(), 3, "{faults}");
    }
}
