//! Writes down, from the contract, which way each method goes and what its answer holds, for `src/methods.rs`.
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};

const FILE: &str = "granary/linkedin/v1/linkedin_data.proto";
const SERVICE: &str = "granary.linkedin.v1.LinkedInData";
const FOLLOW: &str = "granary.linkedin.v1.FollowPagesRequest";
/// What is not one object and not one page of a list goes a way of its own.
const OWN_WAYS: [(&str, &str); 10] = [
    ("GetMyApiUser", "owner::owner"),
    ("GetPrivateAccountPools", "owner::pools"),
    ("BulkScrapeProfiles", "bulk::all"),
    ("StreamBulkScrapeProfiles", "bulk::stream"),
    ("BulkScrapeCompanyEmployees", "employees::employees"),
    ("GetBulkRun", "collect::run"),
    ("FollowPages", "follow::stream"),
    ("ProbeHarvestapiKey", "probe::key"),
    ("ProbeLinkedinSession", "probe::session"),
    ("ProbeApifyToken", "probe::apify"),
];

/// Answers of no documented shape, and of a path that is inferred: not even a list in them shows who answered.
const NO_PROOF: [&str; 1] = ["GetPrivateAccountPoolsResponse"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).open_file(FILE)?;
    let pool = DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice())?;
    let service = pool.get_service_by_name(SERVICE).ok_or("the contract lacks the service")?;
    let (mut unary, mut streams, mut answers) = (String::new(), String::new(), String::new());
    for method in service.methods() {
        let (name, input, output) = (method.name(), method.input(), method.output());
        let line = format!("{} {name:?} ({}) -> {}", snake(name), input.name(), output.name());
        let way = way(&method)?;
        if method.is_server_streaming() {
            writeln!(streams, "        {line} as {name}Stream by {way};")?;
        } else {
            writeln!(unary, "        {line} by {way};")?;
            writeln!(answers, "{}", answer(&output))?;
        }
    }
    let follow = pool.get_message_by_name(FOLLOW).ok_or("the contract lacks the request to follow pages")?;
    let mut pages = String::new();
    for field in follow
        .oneofs()
        .filter(|oneof| oneof.name() == "list")
        .flat_map(|oneof| oneof.fields().collect::<Vec<_>>())
    {
        let kind = field.kind();
        let request = kind.as_message().map(MessageDescriptor::name).unwrap_or_default();
        let name = request.strip_suffix("Request").ok_or("a list is no request")?;
        writeln!(pages, "    {name} {name:?} {name}Response;")?;
    }
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let methods =
        format!("methods! {{\n    unary {{\n{unary}    }}\n    streams {{\n{streams}    }}\n}}\n{answers}");
    std::fs::write(out.join("methods.rs"), methods)?;
    std::fs::write(out.join("pages.rs"), format!("pages! {{\n{pages}}}\n"))?;
    Ok(())
}

/// The function that a method's call goes through.
fn way(method: &MethodDescriptor) -> Result<&'static str, String> {
    let output = method.output();
    let own = OWN_WAYS.iter().find(|(name, _)| *name == method.name());
    match own {
        Some((_, way)) => Ok(way),
        None if output.get_field_by_name("element").is_some() => Ok("answer::element"),
        None if output.get_field_by_name("elements").is_some() => Ok("answer::list"),
        None => Err(format!("{} has neither an element nor elements, and no way of its own", method.name())),
    }
}

/// What the answer has of what answers have in common.
fn answer(message: &MessageDescriptor) -> String {
    let has = |field: &str| message.get_field_by_name(field).is_some();
    let mut parts: Vec<&str> = ["charge", "warnings"].into_iter().filter(|part| has(part)).collect();
    parts.extend(NO_PROOF.contains(&message.name()).then_some("no_proof"));
    let listed = if has("page_info") { format!("\nlisted!({});", message.name()) } else { String::new() };
    format!("answered!({} {});{listed}", message.name(), parts.join(" "))
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
