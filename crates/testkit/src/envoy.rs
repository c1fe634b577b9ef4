//! Envoy in front of gateways, as a balancer that asks for their health.
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::ports::free_port;
use crate::process::Process;

/// Which Envoy; tests/tools.sh installs the same.
const VERSION: &str = "1.40.0";
const HOW: &str =
    "`tests/tools.sh envoy` installs it, once a machine; or set GRANARY_TEST_ENVOY to an envoy program";
const HTTP2: &str = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const MANAGER: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    port: u16,
    _dir: TempDir,
}

/// The program: `GRANARY_TEST_ENVOY`, else the one that `tests/tools.sh envoy` installs.
///
/// # Panics
/// Where there is none: a test that needs Envoy fails without it, and is never skipped.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("GRANARY_TEST_ENVOY").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "GRANARY_TEST_ENVOY names {}, which is no file", path.display());
        return path;
    }
    let path = crate::cache().join(format!("envoy-{VERSION}/bin/envoy"));
    assert!(path.is_file(), "there is no Envoy at {}. {HOW}", path.display());
    path
}

impl Envoy {
    /// Starts one before gateways, given as `host:port`. It asks each for its health this often, and one wrong or missing
    /// answer takes a gateway out.
    pub async fn before(gateways: &[&str], interval: Duration) -> Self {
        let (dir, port) = (tempfile::tempdir().expect("a directory"), free_port());
        let config = dir.path().join("envoy.json");
        std::fs::write(&config, configuration(port, gateways, interval).to_string()).expect("a file");
        let mut process = Process::run(&binary(), dir.path(), "envoy", &arguments(&config));
        let mut tries = 0;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tries += 1;
            assert!(tries < 400 && !process.has_ended(), "Envoy does not listen: {}", process.log_text());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { process, port, _dir: dir }
    }

    /// Where callers connect.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

fn arguments(config: &Path) -> Vec<String> {
    let config = config.display().to_string();
    ["-c", &config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warn"]
        .map(str::to_owned)
        .to_vec()
}

fn configuration(port: u16, gateways: &[&str], interval: Duration) -> Value {
    let interval = format!("{}s", interval.as_secs_f64());
    let manager = json!({
        "@type": MANAGER,
        "stat_prefix": "in",
        "codec_type": "HTTP2",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
        "route_config": {"virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "gateways", "timeout": "0s"}}],
        }]},
    });
    let endpoint = |address: &&str| {
        let (host, port) = address.rsplit_once(':').expect("host:port");
        let port: u16 = port.parse().expect("a port");
        json!({"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}})
    };
    let endpoints: Vec<Value> = gateways.iter().map(endpoint).collect();
    let cluster = json!({
        "name": "gateways",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": HTTP2,
            // By itself, Envoy ends a connection to a gateway at a number of frames that one of its callers can reach alone.
            "explicit_http_config": {"http2_protocol_options": {
                "max_outbound_frames": 10_000_000,
                "max_outbound_control_frames": 1_000_000,
            }},
        }},
        "health_checks": [{
            "interval": interval,
            "no_traffic_interval": interval,
            "timeout": "1s",
            "healthy_threshold": 1,
            "unhealthy_threshold": 1,
            "grpc_health_check": {},
        }],
        // Where none is healthy, calls fail rather than go to whoever is not.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "load_assignment": {"cluster_name": "gateways", "endpoints": [{"lb_endpoints": endpoints}]},
    });
    json!({"static_resources": {
        "listeners": [{
            "name": "in",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }]}],
        }],
        "clusters": [cluster],
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_what_installs_it_name_the_same_version() {
        let installs = include_str!("../../../tests/tools.sh");
        assert!(installs.contains(&format!("local version={VERSION}\n")), "{VERSION}");
    }
}
