//! The contract: every method has a policy, the inventory is what it was, every reason has its page.
use granary_proto::PolicyTable;
use granary_proto::granary::policy::v1::ErrorReason;
use granary_rpc::reason;
use prost_reflect::DescriptorPool;

/// Changes of the inventory are meant: update the file with `granary inventory > tests/golden/inventory.txt`.
#[test]
fn the_inventory_of_all_methods_is_the_golden_one() {
    let output =
        std::process::Command::new(granary_testkit::process::binary()).arg("inventory").output().unwrap();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/inventory.txt");
    let golden = std::fs::read_to_string(golden).unwrap_or_default();
    let now = String::from_utf8(output.stdout).unwrap();
    assert!(
        now == golden,
        "the inventory has changed; if that is meant: granary inventory > tests/golden/inventory.txt\n{now}"
    );
}

#[test]
fn a_method_without_a_policy_stops_the_start_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let proto = r#"
        syntax = "proto3";
        package granary.rogue.v1;
        import "granary/policy/v1/policy.proto";
        service Rogue { rpc Open(Nothing) returns (Nothing); }
        message Nothing { granary.policy.v1.Effect effect = 1; }
    "#;
    std::fs::create_dir_all(dir.path().join("granary/rogue/v1")).unwrap();
    std::fs::write(dir.path().join("granary/rogue/v1/rogue.proto"), proto).unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
    let mut compiler = protox::Compiler::new([dir.path(), std::path::Path::new(root)]).unwrap();
    compiler.include_imports(true).open_file("granary/rogue/v1/rogue.proto").unwrap();
    let pool = DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap();
    let error = PolicyTable::read(&pool).unwrap_err();
    assert_eq!(error.to_string(), "method granary.rogue.v1.Rogue.Open declares no policy");
}

#[test]
fn every_error_reason_has_a_page() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    for number in 1..200 {
        if let Ok(reason) = ErrorReason::try_from(number) {
            let page = docs.join(format!("{}.md", reason::name(reason)));
            assert!(page.is_file(), "{} is missing", page.display());
        }
    }
}

/// Without these, Go's generator refuses the protos, and that of C# writes two files of one name over each other.
#[test]
fn every_proto_can_be_generated_for_go_java_and_csharp_in_one_go() {
    let mut names = std::collections::HashMap::new();
    for file in granary_proto::pool().unwrap().files().filter(|f| f.name().starts_with("granary/")) {
        let (path, options) = (file.name(), file.file_descriptor_proto().options.clone().unwrap_or_default());
        let package = file.package_name();
        let (folder, name) = path.rsplit_once('/').unwrap();
        assert_eq!(folder, package.replace('.', "/"), "{path}");
        let go = format!("{folder};{}", package.trim_start_matches("granary.").replace('.', ""));
        assert_eq!(options.go_package(), go, "{path}");
        assert_eq!((options.java_package(), options.java_multiple_files()), (package, true), "{path}");
        assert_eq!(options.csharp_namespace().to_lowercase(), package, "{path}");
        let other = names.insert(name.to_owned(), path.to_owned());
        assert_eq!(other, None, "{path} has the name of another file");
    }
    assert!(names.len() >= 30, "{names:?}");
}

#[test]
fn reads_are_marked_as_having_no_side_effects_and_others_are_not() {
    for method in granary_proto::policy_table().unwrap().methods() {
        let level = method
            .descriptor
            .method_descriptor_proto()
            .options
            .as_ref()
            .map(prost_types::MethodOptions::idempotency_level);
        let marked = level == Some(prost_types::method_options::IdempotencyLevel::NoSideEffects);
        assert_eq!(marked, method.is_read(), "{}", method.name());
    }
}

#[test]
fn every_metric_of_the_alert_rules_is_one_that_is_counted() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let rules = std::fs::read_to_string(root.join("deploy/alerts/granary.rules.yaml")).unwrap();
    let mut sources = String::new();
    let mut folders = vec![root.join("crates"), root.join("services")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                sources.push_str(&std::fs::read_to_string(entry).unwrap());
            }
        }
    }
    let names = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let metrics: Vec<&str> = names.filter(|name| name.starts_with("granary_")).collect();
    assert!(metrics.len() >= 7, "{metrics:?}");
    for metric in metrics {
        // What Prometheus makes of a histogram.
        let metric = metric.trim_end_matches("_bucket");
        assert!(sources.contains(&format!("\"{metric}\"")), "nothing counts {metric}");
    }
}
