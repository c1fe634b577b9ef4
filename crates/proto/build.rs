//! Compiles the protos without protoc, and keeps the raw descriptor set: only its bytes still hold the custom options.
use std::error::Error;
use std::path::{Path, PathBuf};

/// Messages whose `Debug` must not show their fields; see `src/masked.rs`.
const SECRET: [&str; 7] = [
    ".granary.vault.v1.HarvestapiKey",
    ".granary.vault.v1.HarvestToken",
    ".granary.vault.v1.LinkedinSession",
    ".granary.vault.v1.ApifyToken",
    ".granary.internal.v1.AuthenticateRequest",
    ".granary.vault.v1.CreateApiKeyResponse",
    ".granary.internal.v1.AuthenticateResponse",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root.join("granary"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let descriptors = out.join("descriptor.bin");
    std::fs::write(&descriptors, compiler.encode_file_descriptor_set())?;
    // Build scripts of crates that depend on this one read it as DEP_GRANARY_PROTO_DESCRIPTORS.
    println!("cargo::metadata=descriptors={}", descriptors.display());
    tonic_prost_build::configure()
        .disable_comments([".google"])
        .skip_debug(SECRET)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
