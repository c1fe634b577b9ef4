//! The sandbox shares a process with four services, so it has to stay small.

#![cfg(target_os = "linux")]

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use granary_simulator::{Config, start};
    use reqwest::Client;
    use serde_json::Value;

    const CALLS: usize = 10_000;
    /// Growth of the whole test process; about 4 MiB of it belong to the client.
    const MOST: usize = 20 << 20;

    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }

    #[tokio::test]
    async fn ten_thousand_calls_over_all_accounts_stay_small() {
        let before = resident();
        let sandbox = start(Config::default()).await.unwrap();
        let client = Client::builder().no_proxy().user_agent("t").build().unwrap();
        let listing = client.get(format!("{}/credentials", sandbox.control_url())).send().await.unwrap();
        let listing: Value = serde_json::from_str(&listing.text().await.unwrap()).unwrap();
        let began = Instant::now();
        for n in 0..CALLS {
            let request = if n % 2 == 0 {
                let pair = &listing["harvest_tokens"][n / 2 % 120];
                let url = format!("{}/v2/time_entries?per_page=5", sandbox.harvest_url());
                let account = pair["account_id"].as_u64().unwrap().to_string();
                client
                    .get(url)
                    .bearer_auth(pair["access_token"].as_str().unwrap())
                    .header("Harvest-Account-Id", account)
            } else {
                let url =
                    format!("{}/linkedin/profile?query=person-{:04}", sandbox.harvestapi_url(), n % 2000 + 1);
                client.get(url).header("X-API-Key", listing["harvestapi_keys"][n / 2 % 120].as_str().unwrap())
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.bytes().await.unwrap();
        }
        let grown = resident().saturating_sub(before);
        println!("{} ms, {} KiB more than before the start", began.elapsed().as_millis(), grown / 1024);
        assert!(grown < MOST, "{grown} bytes");
        sandbox.shutdown().await;
    }
}
