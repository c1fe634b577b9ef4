//! What the protos say beside their items, as one line of text.
use std::collections::HashMap;

use prost_reflect::FileDescriptor;

/// The comments of the files that were asked for, read once each.
#[derive(Default)]
pub(super) struct Comments {
    files: HashMap<String, HashMap<Vec<i32>, String>>,
}

impl Comments {
    /// The comment of the item at a path; empty where there is none.
    pub(super) fn of(&mut self, file: &FileDescriptor, path: &[i32]) -> String {
        let comments = self.files.entry(file.name().to_owned()).or_insert_with(|| read(file));
        comments.get(path).cloned().unwrap_or_default()
    }
}

fn read(file: &FileDescriptor) -> HashMap<Vec<i32>, String> {
    // The vendored types explain protobuf, not what a tool takes.
    if !file.package_name().starts_with("granary.") {
        return HashMap::new();
    }
    let Some(info) = &file.file_descriptor_proto().source_code_info else { return HashMap::new() };
    let said = |l: &prost_types::source_code_info::Location| {
        let text = l.leading_comments.as_deref().or(l.trailing_comments.as_deref())?;
        Some((l.path.clone(), text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    info.location.iter().filter_map(said).collect()
}
