//! Writes, for every message of the contract, the table by which an answer's keys find their fields.
#[path = "build/fields.rs"]
mod fields;
#[path = "build/message.rs"]
mod message;
#[path = "build/rust.rs"]
mod rust;

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;

use prost_reflect::{DescriptorPool, EnumDescriptor, MessageDescriptor};

/// What is generated for; types of other packages are read by hand, or not at all.
const OURS: &str = "granary.";

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::var("DEP_GRANARY_PROTO_DESCRIPTORS")?;
    println!("cargo::rerun-if-changed={path}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let pool = DescriptorPool::decode(std::fs::read(path)?.as_slice())?;
    let ours = |name: &str| name.starts_with(OURS);

    let messages = || pool.all_messages().filter(|m| ours(m.full_name()) && !m.is_map_entry());
    let mut decoders = String::new();
    for choices in pool.all_enums().filter(|e| ours(e.full_name())) {
        decoders.push_str(&enumeration(&choices)?);
    }
    for message in messages() {
        decoders.push_str(&message::decoder(&message)?);
    }
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("decoders.rs"), decoders)?;
    std::fs::write(out.join("every.rs"), every(messages())?)?;
    Ok(())
}

/// The values of an enum by the texts under which upstream may send them: short texts first, then the proto names.
fn enumeration(desc: &EnumDescriptor) -> Result<String, Box<dyn Error>> {
    let option = desc.parent_pool().get_extension_by_name("granary.policy.v1.text");
    let mut short = Vec::new();
    let mut long = Vec::new();
    for value in desc.values() {
        let options = value.options();
        let text = option.as_ref().filter(|o| options.has_extension(o)).map(|o| options.get_extension(o));
        let text = text.as_ref().and_then(|t| t.as_str()).map(str::to_owned);
        long.extend(text.is_some().then(|| (value.name().to_owned(), value.number())));
        short.push((text.unwrap_or_else(|| value.name().to_owned()), value.number()));
    }
    short.append(&mut long);
    let mut out = String::new();
    writeln!(out, "impl Choices for {} {{", rust::path(desc.full_name(), desc.package_name()))?;
    writeln!(out, "    const CHOICES: &'static [(&'static str, i32)] = &{short:?};\n}}")?;
    Ok(out)
}

/// Every message by its name, for tests that take one after the other.
fn every(messages: impl Iterator<Item = MessageDescriptor>) -> Result<String, Box<dyn Error>> {
    let mut out = String::from("[\n");
    for message in messages {
        let name = message.full_name();
        writeln!(out, "    ({name:?}, through::<{}>),", rust::path(name, message.package_name()))?;
    }
    out.push_str("]\n");
    Ok(out)
}
