//! Layered configuration: a TOML file, then the environment, then flags. Every fault is reported at once.
mod fault;

use std::path::Path;

use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where a configuration comes from.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// A TOML file; it must be readable. It may be a pipe.
    pub file: Option<&'a Path>,
    /// The environment prefix, such as "GRANARY_". "__" separates levels, and only variables that hold one are settings, so that
    /// others may share the prefix.
    pub env_prefix: &'a str,
    /// Settings of the uppermost level that are read from the environment nevertheless, such as "metrics_address".
    pub env_names: &'a [&'a str],
    /// `key=value` overrides from flags; "." separates levels, values are TOML or else text.
    pub overrides: &'a [String],
}

/// A configuration as far as it could be read.
#[derive(Debug)]
pub struct Loaded<T> {
    /// What was read; settings with a fault have their defaults, so that whoever checks values finds the other faults too.
    pub settings: T,
    /// Every unknown key and every value of a wrong type, each after the full name of its setting and a colon.
    pub faults: Vec<String>,
    /// Whether the file could not be read at all, so that what it sets is not known.
    pub is_unread: bool,
}

/// Loads a configuration whose fields all have defaults. What a table leaves out has the default of that very table.
pub fn load<T: DeserializeOwned + Serialize + Default>(sources: &Sources<'_>) -> Loaded<T> {
    let mut faults = Vec::new();
    let mut is_unread = false;
    let mut figment = Figment::new();
    if let Some(file) = sources.file {
        match std::fs::read_to_string(file) {
            Ok(text) => figment = figment.merge(Toml::string(&text)),
            Err(error) => {
                is_unread = true;
                faults.push(format!("the configuration file {} cannot be read: {error}", file.display()));
            }
        }
    }
    if !sources.env_prefix.is_empty() {
        let named = sources.env_names.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>();
        let is_setting = move |key: &str| key.contains("__") || named.iter().any(|name| name == key);
        let variables = Env::prefixed(sources.env_prefix).filter(move |key| is_setting(key.as_str()));
        figment = figment.merge(variables.split("__"));
    }
    for entry in sources.overrides {
        match entry.split_once('=') {
            Some((key, value)) => {
                let value: Value = value.parse().unwrap_or_else(|_| Value::from(value));
                figment = figment.merge(Serialized::default(key, value));
            }
            None => faults.push(format!("--set {entry}: must be KEY=VALUE")),
        }
    }
    let data = match figment.data() {
        Ok(data) => data.get(&Profile::Default).cloned().unwrap_or_default(),
        Err(error) => {
            let file = sources.file.map(|file| format!("{}: ", file.display())).unwrap_or_default();
            faults.extend(error.into_iter().map(|e| format!("{file}{}", fault::told(&e.kind))));
            return Loaded { settings: T::default(), faults, is_unread: true };
        }
    };
    // Serde stops at the first fault, so each leaf is tried by itself, and what is sound is read together.
    let mut sound = Figment::from(Serialized::defaults(T::default()));
    each_leaf(&data, &mut Vec::new(), &mut |path, value| {
        let alone = path
            .iter()
            .rev()
            .fold(value.clone(), |inner, key| Value::from(Dict::from([(key.clone(), inner)])));
        let Value::Dict(_, alone) = alone else { return };
        match Figment::from(Serialized::defaults(&alone)).extract::<T>() {
            Ok(_) => sound = sound.clone().merge(Serialized::defaults(alone)),
            Err(error) => {
                let name = path.join(".");
                faults.extend(error.into_iter().map(|e| format!("{name}: {}", fault::told(&e.kind))));
            }
        }
    });
    let settings = sound.extract().unwrap_or_else(|error| {
        faults.extend(error.into_iter().map(|e| format!("{}: {}", e.path.join("."), fault::told(&e.kind))));
        T::default()
    });
    Loaded { settings, faults, is_unread }
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

    #[derive(Debug, PartialEq, serde::Deserialize, Serialize)]
    #[serde(default, deny_unknown_fields)]
    struct Sample {
        port: u16,
        inner: Inner,
    }

    impl Default for Sample {
        fn default() -> Self {
            Self { port: 0, inner: Inner { name: "of the whole".into(), on: false } }
        }
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize, Serialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        name: String,
        on: bool,
    }

    fn sources<'a>(file: Option<&'a Path>, overrides: &'a [String]) -> Sources<'a> {
        Sources { file, overrides, ..Sources::default() }
    }

    #[test]
    fn flags_win_over_the_file_and_every_fault_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "port = 1\n[inner]\nname = \"a\"\n").unwrap();
        let set = ["inner.name=b".to_owned(), "inner.on=true".to_owned()];
        let loaded = load::<Sample>(&sources(Some(&file), &set));
        assert_eq!(loaded.settings, Sample { port: 1, inner: Inner { name: "b".into(), on: true } });
        assert!(loaded.faults.is_empty());

        std::fs::write(&file, "port = \"x\"\nother = 1\n[inner]\non = 3\nname = \"kept\"\n").unwrap();
        let loaded = load::<Sample>(&sources(Some(&file), &["nothing".to_owned()]));
        let expected = [
            "--set nothing: must be KEY=VALUE",
            "inner.on: must be true or false, is 3",
            "other: there is no other; there are port, inner",
            "port: must be a whole number from 0 to 65,535, is text",
        ];
        assert_eq!(loaded.faults, expected);
        assert_eq!(loaded.settings.inner.name, "kept", "what is sound is read, so that it can be checked");
    }

    #[test]
    fn what_a_table_leaves_out_is_as_if_the_table_were_not_there() {
        let loaded = load::<Sample>(&sources(None, &["inner.on=true".to_owned()]));
        assert_eq!(loaded.settings.inner, Inner { name: "of the whole".into(), on: true });
        assert!(loaded.faults.is_empty(), "{:?}", loaded.faults);
    }

    #[test]
    fn a_file_may_be_any_that_can_be_read_and_says_why_it_cannot() {
        assert!(load::<Sample>(&sources(Some(Path::new("/dev/null")), &[])).faults.is_empty());
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().join("none"), dir.path().to_owned()] {
            let faults = load::<Sample>(&sources(Some(&path), &[])).faults;
            assert!(faults.len() == 1 && faults[0].contains("cannot be read"), "{faults:?}");
        }
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "port = \n").unwrap();
        let faults = load::<Sample>(&sources(Some(&file), &[])).faults;
        assert!(faults[0].contains("c.toml"), "{faults:?}");
    }
}
