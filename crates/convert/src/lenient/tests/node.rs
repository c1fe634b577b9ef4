//! The sample message as the build would write it: itself inside itself, maps, and a message without `extra`.
use std::collections::HashMap;

use crate::lenient::{Field, Fields, Malformed, Outcome};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Node {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, boxed, tag = "2")]
    child: Option<Box<Node>>,
    #[prost(message, repeated, tag = "3")]
    children: Vec<Node>,
    #[prost(string, repeated, tag = "4")]
    tags: Vec<String>,
    #[prost(int64, repeated, tag = "5")]
    numbers: Vec<i64>,
    #[prost(message, optional, tag = "6")]
    plain: Option<Plain>,
    #[prost(message, repeated, tag = "7")]
    plains: Vec<Plain>,
    #[prost(message, optional, tag = "8")]
    anything: Option<prost_types::Struct>,
    #[prost(string, tag = "12")]
    link_url: String,
    #[prost(map = "string, int32", tag = "19")]
    counts: HashMap<String, i32>,
    #[prost(map = "string, string", tag = "20")]
    extra: HashMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Plain {
    #[prost(int32, optional, tag = "1")]
    a: Option<i32>,
}

impl Fields for Node {
    type Marks = [u64; 1];
    const NAMES: &'static [(&'static str, usize)] = &[
        ("name", 0),
        ("child", 1),
        ("children", 2),
        ("tags", 3),
        ("numbers", 4),
        ("plain", 5),
        ("plains", 6),
        ("anything", 7),
        ("link", 8),
        ("companyLink", 8),
        ("company_url", 8),
        ("counts", 9),
    ];
    const ITEM: &'static str = "";
    const BARE: Option<&'static str> = None;

    fn find(key: &str) -> Option<usize> {
        Self::NAMES.iter().position(|(name, _)| *name == key)
    }

    fn fill(&mut self, slot: usize, value: Field<'_, '_>) -> Result<Outcome, Malformed> {
        match slot {
            0 => value.one(&mut self.name),
            1 => value.one(&mut self.child),
            2 => value.many(&mut self.children),
            3 => value.many(&mut self.tags),
            4 => value.many(&mut self.numbers),
            5 => value.one(&mut self.plain),
            6 => value.many(&mut self.plains),
            7 => value.one(&mut self.anything),
            8 => value.one(&mut self.link_url),
            9 => value.entries(|k, v| {
                self.counts.insert(k, v);
            }),
            _ => value.unused(),
        }
    }

    fn is_there(&self) -> bool {
        !self.name.is_empty()
    }

    fn extra(&mut self) -> Option<&mut HashMap<String, String>> {
        Some(&mut self.extra)
    }
}

impl Fields for Plain {
    type Marks = [u64; 1];
    const NAMES: &'static [(&'static str, usize)] = &[("a", 0)];
    const ITEM: &'static str = "";
    const BARE: Option<&'static str> = None;

    fn find(key: &str) -> Option<usize> {
        (key == "a").then_some(0)
    }

    fn fill(&mut self, _: usize, value: Field<'_, '_>) -> Result<Outcome, Malformed> {
        value.one(&mut self.a)
    }

    fn is_there(&self) -> bool {
        self.a.is_some()
    }
}
