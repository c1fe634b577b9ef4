//! The client against real sockets.
mod answers;
mod bounds;
mod repeats;
mod secrecy;
mod server;
mod tls;

use std::time::Duration;

use granary_credential::Secret;
use granary_proto::granary::policy::v1::Verb;
use granary_rpc::{Deadline, Error};

use crate::{Answer, Auth, Call, Client, Config};
use server::Server;

/// Short times, so that tests end soon.
fn config(base_url: String) -> Config {
    Config {
        base_url,
        connect_timeout_ms: 500,
        read_timeout_ms: 500,
        total_timeout_ms: 5_000,
        max_body_bytes: 1_000,
        ..Config::default()
    }
}

fn client(server: &Server) -> Client {
    Client::new("harvest", &config(server.url())).unwrap()
}

fn read() -> Call {
    Call { repeatable: true, ..Call::new(Verb::Get, "/things") }
}

fn charged() -> Call {
    Call { charged: true, ..read() }
}

fn write() -> Call {
    Call { body: Some(serde_json::json!({"a": 1})), ..Call::new(Verb::Post, "/things") }
}

async fn send(client: &Client, call: Call) -> Result<Answer, Error> {
    client.send(call, Auth::default(), Deadline::after(Duration::from_secs(10))).await
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
