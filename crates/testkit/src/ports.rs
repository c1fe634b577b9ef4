//! Ports that nobody uses.
/// A free port below the range of outgoing connections. None is handed out twice before 1,900 others were.
pub(crate) fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many free ports in a row.
pub(crate) fn free_ports(count: u16) -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 12_000 + u16::try_from(std::process::id() % 6_000).expect("small");
    let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = base + NEXT.fetch_add(count, Ordering::Relaxed) % 1_900;
        if (port..port + count).all(free) {
            return port;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_a_row_are_nobody_elses() {
        let first = free_ports(2);
        assert!(free_port() > first + 1);
    }
}
