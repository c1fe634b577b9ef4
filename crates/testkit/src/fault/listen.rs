//! The listener of the proxy, which comes and goes with the link.
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Link, Shared, connection};

/// Accepts connections and carries out orders until it is aborted; its connections end with it.
pub(super) async fn listen(listener: TcpListener, port: u16, shared: Arc<Shared>) {
    let mut orders = shared.wanted.subscribe();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let wanted = *orders.borrow_and_update();
        if wanted.link == Link::Refused {
            listener = None;
        } else if listener.is_none() {
            listener = Some(bind(port).await);
        }
        if wanted.cut && *shared.settled.borrow() < wanted.number {
            connections.shutdown().await;
        }
        shared.settled.send_replace(wanted.number);
        // Where it is partitioned, connections wait in the kernel's queue.
        let accepts = listener.as_ref().filter(|_| wanted.link == Link::Up);
        tokio::select! {
            _ = orders.changed() => {}
            Some(_) = connections.join_next() => {}
            stream = accept(accepts) => {
                connections.spawn(connection::serve(stream, shared.clone()));
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listener.accept().await.expect("a connection").0,
        None => std::future::pending().await,
    }
}

/// Listens again where it listened before.
async fn bind(port: u16) -> TcpListener {
    let mut tries = 0;
    loop {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => return listener,
            Err(e) => assert!(tries < 100, "port {port} cannot be taken again: {e}"),
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
