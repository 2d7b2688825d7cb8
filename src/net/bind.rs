//! Binding: `localhost` means 127.0.0.1 and, where the machine has it, ::1 on the same port.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::config::Address;

/// Bound sockets that share a port, not yet served.
#[derive(Debug)]
pub struct Listener {
    pub(super) sockets: Vec<TcpListener>,
}

/// An address that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind {address}: {}", Reason(source, owner.as_deref()))]
pub struct BindError {
    pub address: SocketAddr,
    /// The program that has the address, where the system tells.
    pub owner: Option<String>,
    source: io::Error,
}

struct Reason<'a>(&'a io::Error, Option<&'a str>);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.kind(), self.1) {
            (io::ErrorKind::AddrInUse, Some(owner)) => write!(f, "it is in use by {owner}"),
            (io::ErrorKind::AddrInUse, None) => f.write_str("it is in use by another program"),
            (io::ErrorKind::AddrNotAvailable, _) => f.write_str("this machine does not have that address"),
            (io::ErrorKind::PermissionDenied, _) => f.write_str("permission denied; ports below 1024 need privileges"),
            (_, _) => self.0.fmt(f),
        }
    }
}

impl Listener {
    /// Returns the bound addresses.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }
}

/// How often a free port is drawn until it is free on both loopback addresses.
const DRAWS: usize = 16;

/// Binds an address, port 0 picks a free one; none where it is `off`.
///
/// # Errors
/// When the address is taken, foreign or forbidden.
pub async fn bind(address: Address) -> Result<Option<Listener>, BindError> {
    let sockets = match address {
        Address::Off => return Ok(None),
        Address::Ip(address) => vec![bind_one(address.ip(), address.port()).await?],
        Address::Localhost(port) => bind_localhost(port).await?,
    };
    Ok(Some(Listener { sockets }))
}

async fn bind_localhost(port: u16) -> Result<Vec<TcpListener>, BindError> {
    let mut draws = 1;
    loop {
        let first = bind_one(Ipv4Addr::LOCALHOST.into(), port).await?;
        let bound = first.local_addr().map_or(port, |address| address.port());
        match bind_one(Ipv6Addr::LOCALHOST.into(), bound).await {
            Ok(second) => return Ok(vec![first, second]),
            // A machine without ::1 has one loopback address.
            Err(error) if error.source.kind() != io::ErrorKind::AddrInUse => return Ok(vec![first]),
            Err(_) if port == 0 && draws < DRAWS => draws += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn bind_one(ip: IpAddr, port: u16) -> Result<TcpListener, BindError> {
    let address = SocketAddr::new(ip, port);
    TcpListener::bind(address).await.map_err(|source| {
        let taken = source.kind() == io::ErrorKind::AddrInUse;
        BindError { address, owner: taken.then(|| owner(port)).flatten(), source }
    })
}

/// Returns the program listening on a port, as `name (pid 12)`, from Linux's /proc; none where that does not tell.
fn owner(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| listening_inode(table, port))?;
    let socket = format!("socket:[{inode}]");
    let pid = std::fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let mut files = std::fs::read_dir(process.path().join("fd")).ok()?.flatten();
        files
            .any(|file| std::fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == socket.as_str()))
            .then_some(pid)
    })?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    Some(format!("{name} (pid {pid})"))
}

/// Finds the socket in state LISTEN (`0A`) on a port, in the format of proc(5): `sl local_address rem_address st …`.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    let sockets = std::fs::read_to_string(table).ok()?;
    let suffix = format!(":{port:04X}");
    sockets.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == "0A")
            .then(|| fields.get(9).map(|i| (*i).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_0_picks_one_port_for_both_loopback_addresses() {
        let listener = bind(Address::Localhost(0)).await.unwrap().unwrap();
        let addresses = listener.addresses();
        assert!(addresses.iter().all(|a| a.ip().is_loopback() && a.port() == addresses[0].port() && a.port() != 0));
    }

    #[tokio::test]
    async fn a_taken_port_is_an_error_that_names_the_address_and_its_owner() {
        let listener = bind(Address::Localhost(0)).await.unwrap().unwrap();
        let port = listener.addresses()[0].port();
        let error = bind(Address::Localhost(port)).await.unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&format!("cannot bind 127.0.0.1:{port}: it is in use by ")), "{message}");
        if cfg!(target_os = "linux") {
            assert!(message.ends_with(&format!("(pid {})", std::process::id())), "{message}");
        }
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_an_error() {
        let error = bind(Address::Ip("192.0.2.1:0".parse().unwrap())).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot bind 192.0.2.1:0: this machine does not have that address");
    }
}
