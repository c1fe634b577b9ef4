//! Whatever HarvestAPI and Apify answer to a call of `LinkedInData`.
#![no_main]
use std::sync::LazyLock;

use granary_fuzz::Service;
use granary_linkedin_data::Config;
use libfuzzer_sys::fuzz_target;

static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    Service::start("granary.linkedin.v1.LinkedInData", |url, ring| {
        let mut config = Config::default();
        for vendor in [&mut config.harvestapi, &mut config.apify] {
            url.clone_into(&mut vendor.base_url);
            vendor.retries = 0;
        }
        granary_linkedin_data::routes(&config, ring).expect("routes")
    })
});

fuzz_target!(|text: &str| SERVICE.run(text));
