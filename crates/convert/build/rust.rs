//! How prost spells in Rust what the protos name.
use heck::{ToSnakeCase, ToUpperCamelCase};

/// Keywords that prost writes as raw identifiers.
const RAW: [&str; 46] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try",
    "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// The path of a message or an enum of the contract.
pub(crate) fn path(full_name: &str, package: &str) -> String {
    let inner = full_name.strip_prefix(package).unwrap_or(full_name).trim_start_matches('.');
    let (outer, name) = inner.rsplit_once('.').unwrap_or(("", inner));
    let modules = package.split('.').map(ident);
    let outer = outer.split('.').filter(|m| !m.is_empty()).map(ident);
    let modules: Vec<String> = modules.chain(outer).collect();
    format!("::granary_proto::{}::{}", modules.join("::"), camel(name))
}

/// The name of a field or a module.
pub(crate) fn ident(name: &str) -> String {
    let name = name.to_snake_case();
    match name.as_str() {
        "self" | "super" | "extern" | "crate" => format!("{name}_"),
        raw if RAW.contains(&raw) => format!("r#{name}"),
        _ => name,
    }
}

/// The name of a type or a variant.
pub(crate) fn camel(name: &str) -> String {
    match name.to_upper_camel_case() {
        this if this == "Self" => "Self_".to_owned(),
        name => name,
    }
}
