//! A full profile of 60 KB, read into the contract's message, beside a strict reading into plain structs of the same
//! shape: how much it costs to take both forms of a value and to lose nothing.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench fails where it cannot go on")]
mod sample;
mod strict;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use granary_convert::{Members, decode_lenient};
use granary_proto::granary::linkedin::v1::Profile;

fn decode(criterion: &mut Criterion) {
    let profile = sample::profile();
    let answer = sample::answer(&profile);
    same(&profile);

    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(profile.len() as u64));
    group.bench_function("strict", |b| {
        b.iter(|| serde_json::from_slice::<strict::Profile>(black_box(profile.as_bytes())).unwrap());
    });
    group.bench_function("lenient", |b| {
        b.iter(|| {
            let text = str::from_utf8(black_box(profile.as_bytes())).unwrap();
            decode_lenient::<Profile>(text).unwrap()
        });
    });
    // As the service does it: the envelope first, then the element.
    group.bench_function("envelope", |b| {
        b.iter(|| {
            let text = str::from_utf8(black_box(answer.as_bytes())).unwrap();
            let members = Members::read(text).unwrap();
            decode_lenient::<Profile>(members.raw("element").unwrap()).unwrap()
        });
    });
    group.finish();
}

/// Both read the same, so that both times are of the same work.
fn same(profile: &str) {
    let strict: strict::Profile = serde_json::from_str(profile).unwrap();
    let lenient: Profile = decode_lenient(profile).unwrap();
    let first = |text: Option<&String>| text.cloned().unwrap();
    let (experience, education) = (strict.experience.unwrap(), strict.education.unwrap());
    assert_eq!(experience.len(), lenient.experience.len());
    assert_eq!(first(experience[7].description.as_ref()), first(lenient.experience[7].description.as_ref()));
    assert_eq!(education.len(), lenient.education.len());
    assert_eq!(strict.follower_count, lenient.follower_count);
    assert_eq!(strict.skills.unwrap().len(), lenient.skills.len());
    assert_eq!(lenient.extra.len(), 1, "{:?}", lenient.extra);
}

criterion_group!(benches, decode);
criterion_main!(benches);
