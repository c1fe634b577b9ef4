//! Whatever Harvest answers to a call of `HarvestTime`.
#![no_main]
use std::sync::LazyLock;

use granary_fuzz::Service;
use granary_harvest_time::Config;
use libfuzzer_sys::fuzz_target;

static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    Service::start("granary.harvest.v1.HarvestTime", |url, ring| {
        let mut config = Config::default();
        config.harvest.base_url = url.to_owned();
        config.harvest.retries = 0;
        granary_harvest_time::routes(&config, ring).expect("routes")
    })
});

fuzz_target!(|text: &str| SERVICE.run(text));
