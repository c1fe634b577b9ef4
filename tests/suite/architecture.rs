//! The shape of the deployment, as the dependencies show it.
use std::collections::HashMap;

use serde_json::Value;

fn dependencies() -> HashMap<String, Vec<String>> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |v: &Value| v["name"].as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().unwrap();
            // What tests use does not ship.
            (name(package), all.iter().filter(|d| d["kind"] != "dev").map(name).collect())
        })
        .collect()
}

const SERVICES: [&str; 4] =
    ["granary-gateway", "granary-credential-vault", "granary-harvest-time", "granary-linkedin-data"];

/// What each of our crates may use of ours.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("granary-proto", &[]),
    ("granary-rpc", &["granary-proto"]),
    ("granary-formats", &["granary-proto", "granary-rpc"]),
    ("granary-convert", &["granary-proto", "granary-rpc", "granary-formats"]),
    ("granary-credential", &["granary-proto", "granary-rpc"]),
    ("granary-server", &["granary-proto", "granary-rpc", "granary-credential"]),
    ("granary-store", &["granary-rpc", "granary-credential"]),
    ("granary-upstream", &["granary-proto", "granary-rpc", "granary-formats", "granary-credential"]),
    (
        "granary-ticketed",
        &[
            "granary-proto",
            "granary-rpc",
            "granary-convert",
            "granary-credential",
            "granary-server",
            "granary-upstream",
        ],
    ),
    ("granary-simulator", &[]),
    (
        "granary-testkit",
        &["granary-proto", "granary-rpc", "granary-convert", "granary-credential", "granary-store"],
    ),
];

#[test]
fn dependencies_run_one_way() {
    let all = dependencies();
    for (name, allowed) in MAY_USE {
        for used in all[name].iter().filter(|d| d.starts_with("granary-")) {
            assert!(allowed.contains(&used.as_str()), "{name} uses {used}");
        }
    }
    for service in SERVICES {
        for used in &all[service] {
            assert!(!SERVICES.contains(&used.as_str()), "{service} imports {used}");
            assert_ne!(used, "granary-simulator", "{service}");
        }
    }
}

#[test]
fn what_reaches_third_parties_and_vault_has_one_room_each() {
    for (name, used) in dependencies() {
        // What vaultrs sends with is set up where vaultrs is used: no redirects, and limits of our own.
        let rooms: [(&str, &[&str]); 5] = [
            // One way to speak HTTP/2, with one answer to who may harm whom through it.
            ("h2", &["granary-server"]),
            ("reqwest", &["granary-upstream", "granary-store"]),
            ("vaultrs", &["granary-store"]),
            ("rustify", &["granary-store"]),
            ("redb", &["granary-store", "granary-simulator"]),
        ];
        for (library, rooms) in rooms {
            let allowed = rooms.contains(&name.as_str()) || name == "granary-testkit";
            assert!(allowed || !used.iter().any(|d| d == library), "{name} uses {library}");
        }
        let holds_secrets = ["granary-upstream", "granary-harvest-time", "granary-linkedin-data"];
        if name == "granary-gateway" {
            assert!(!used.iter().any(|d| holds_secrets.contains(&d.as_str())), "{name}");
        }
    }
}

/// Folders of a crate, and what nothing in them imports.
const MAY_NOT_IMPORT: [(&str, &[&str]); 4] = [
    ("services/credential-vault/src/domain", &["crate::rpc", "crate::ops", "crate::application"]),
    ("services/credential-vault/src/ops", &["crate::rpc"]),
    ("simulator/src/kernel", &["crate::harvest", "crate::harvestapi", "crate::apify"]),
    ("simulator/src/harvest", &["crate::harvestapi", "crate::apify"]),
];

#[test]
fn rooms_inside_a_crate_import_one_way() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (folder, forbidden) in MAY_NOT_IMPORT {
        let mut folders = vec![root.join(folder)];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                files += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                for name in forbidden {
                    assert!(!text.contains(&format!("{name}::")), "{} imports {name}", path.display());
                }
            }
        }
        assert!(files > 5, "{folder} has {files} files");
    }
}
