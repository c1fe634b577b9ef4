//! Several of one service, settings for all of them, and services under limits of the system.
use serde_json::Value;

use super::Cluster;
use crate::process::Process;

impl Cluster {
    /// Gives settings, each `KEY=VALUE`, to every service that is started from now on.
    pub fn set(&mut self, settings: &[&str]) {
        self.settings.extend(settings.iter().map(|setting| format!("--set={setting}")));
    }

    /// Starts a service by way of another command, such as `prlimit --nofile=256`, which becomes it.
    pub fn run_by(&mut self, by: &[&str], service: &str) {
        let args = self.arguments(service, &[]);
        let process = Process::start_by(self.dir(), service, by, &args);
        self.add(service, process);
    }

    /// Lets gateways find replicas of harvest-time and linkedin-data at these addresses too, be they there or not.
    pub fn expect_replicas(&mut self) {
        let list = |names: &[&str]| names.iter().map(|name| self.address(name)).collect::<Vec<_>>().join(",");
        let harvest = list(&["harvest-time", "harvest-time-2"]);
        let linkedin = list(&["linkedin-data", "linkedin-data-2", "linkedin-data-3"]);
        let settings = [
            format!("gateway.harvest_time.address={harvest}"),
            format!("gateway.linkedin_data.address={linkedin}"),
        ];
        self.set(&settings.each_ref().map(String::as_str));
    }

    /// Starts two of credential-vault and of the gateway, the second gateway with these flags too, and one of each service, and
    /// waits until both gateways serve. Returns the second one's address.
    pub async fn run_two_of_each(&mut self, second: &[String]) -> String {
        let both = self.both_replicas();
        self.run("credential-vault");
        self.run_second_vault();
        for service in ["harvest-time", "linkedin-data"] {
            self.run(service);
        }
        self.run_with("gateway", "gateway", &both);
        let address = self.address("gateway-2");
        let listen = format!("--set=gateway.listen.address={address}");
        self.run_with("gateway-2", "gateway", &[&both, &[listen][..], second].concat());
        self.ready("gateway").await;
        self.ready("gateway-2").await;
        address
    }

    /// Starts a further replica, such as "linkedin-data-2", with further settings.
    pub fn run_replica(&mut self, name: &str, settings: &[String]) {
        let (service, _) = name.rsplit_once('-').expect("a number");
        let table = service.replace('-', "_");
        let mut flags = vec![format!("--set={table}.server.listen.address={}", self.address(name))];
        flags.extend(settings.iter().map(|setting| format!("--set={setting}")));
        self.run_with(name, service, &flags);
    }

    /// The setting by which a service shows its metrics, under a number that [`Cluster::answered`] takes.
    pub fn metrics(&self, number: u32) -> String {
        format!("metrics_address={}", self.address(&format!("metrics-{number}")))
    }

    /// How many calls of methods whose names hold this text the service with these metrics has answered; 0 while it is
    /// away.
    pub async fn answered(&self, number: u32, method: &str) -> u64 {
        self.measured(number, "granary_calls_total{", &[method]).await
    }

    /// The sum of the series whose line begins with a name and holds each of these labels; 0 while the service is away.
    pub async fn measured(&self, number: u32, name: &str, labels: &[&str]) -> u64 {
        let url = format!("http://{}/metrics", self.address(&format!("metrics-{number}")));
        let Ok(answer) = reqwest::get(url).await else { return 0 };
        let text = answer.text().await.expect("metrics");
        let count = |line: &str| line.rsplit_once(' ').and_then(|(_, count)| count.parse::<u64>().ok());
        let is_meant =
            |line: &&str| line.starts_with(name) && labels.iter().all(|label| line.contains(label));
        text.lines().filter(is_meant).filter_map(count).sum()
    }

    /// A file among those that the services use, such as "peer-broker".
    pub fn file(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.dir().join(name)).expect("one of its files");
        text.trim().to_owned()
    }

    /// The address of one of the simulator's APIs: harvest, harvestapi or apify.
    pub fn vendor(&self, api: &str) -> String {
        let line = std::fs::read_to_string(self.dir().join("sandbox.json")).expect("its addresses");
        let urls: Value = serde_json::from_str(&line).expect("JSON");
        urls[api].as_str().expect("a URL").to_owned()
    }

    /// Whether a service that was started has ended by itself.
    pub fn has_ended(&mut self, name: &str) -> bool {
        self.processes.get_mut(name).expect("it was started").has_ended()
    }

    /// Sends SIGTERM to a service, which may still run when this returns; its process is the caller's now.
    pub async fn terminate(&mut self, name: &str) -> Process {
        let process = self.processes.remove(name).expect("it runs");
        process.terminate().await;
        process
    }
}
