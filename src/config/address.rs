//! Where a receiver listens: `localhost:4317`, an IP address with its port, or `off`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::value::{Invalid, Kind, Value};

/// Where to listen. Port 0 lets the system pick one. Names are never looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// Nowhere.
    Off,
    /// On this port of 127.0.0.1 and, where the machine has it, of `::1`.
    Localhost(u16),
    /// On this one address.
    Ip(SocketAddr),
}

impl Address {
    /// Returns whether other machines cannot reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Off | Self::Localhost(_) => true,
            Self::Ip(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// Returns whether both cannot be bound at once, for certain; a port that the system picks is always free.
    pub fn collides_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Off, _) | (_, Self::Off) => false,
            (Self::Localhost(a), Self::Localhost(b)) => a == b && *a != 0,
            (Self::Ip(a), Self::Ip(b)) => a.port() == b.port() && a.port() != 0 && same_host(a.ip(), b.ip()),
            (Self::Localhost(port), Self::Ip(ip)) | (Self::Ip(ip), Self::Localhost(port)) => {
                let hosts = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
                *port == ip.port() && *port != 0 && hosts.iter().any(|host| same_host(*host, ip.ip()))
            }
        }
    }
}

fn same_host(a: IpAddr, b: IpAddr) -> bool {
    a == b || a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified())
}

/// Prints what parses to the same address.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => write!(f, "off"),
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

impl Value for Address {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = "an address";

    fn accepted() -> String {
        "localhost:PORT, an address such as 127.0.0.1:PORT or [::1]:PORT, or off".into()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        match text.rsplit_once(':') {
            Some((host, port)) if host.eq_ignore_ascii_case("localhost") => {
                u16::parse(port).map(Self::Localhost).map_err(|_| not_a_port(port))
            }
            Some(("", port)) if u16::parse(port).is_ok() => {
                Err(Invalid::new("the host is missing", format!("did you mean 'localhost:{port}'?")))
            }
            None if u16::parse(text).is_ok() => {
                Err(Invalid::new("the host is missing", format!("did you mean 'localhost:{text}'?")))
            }
            None if text.eq_ignore_ascii_case("localhost") || text.parse::<IpAddr>().is_ok() => {
                Err(Invalid::new("the port is missing", Self::accepted()))
            }
            _ => Err(Invalid::not::<Self>()),
        }
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

fn not_a_port(port: &str) -> Invalid {
    Invalid::new(format!("'{port}' is not a port"), "a port is a number from 0 to 65535")
}
